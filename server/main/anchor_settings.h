// Whether and where anchors of the journal are kept.
#ifndef SERVER_MAIN_ANCHOR_SETTINGS_H_
#define SERVER_MAIN_ANCHOR_SETTINGS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/export/sinks/anchor/anchor_writer.h"
#include "server/gate/server.h"
#include "server/log/log.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name
class App;
}  // namespace CLI

namespace fundgate::main {

struct AnchorSettings {
  std::string key_file;  // empty: no anchors
  std::string file;
  std::string webhook;
  std::string webhook_token_file;  // empty: no token
  std::string webhook_ca_file;     // empty: the system's authorities
  double every_seconds = 60;
  uint64_t records = 10'000;
};

void DeclareAnchorSettings(CLI::App& app, AnchorSettings& settings);

// The key that signs; nothing if no anchors are wanted. INVALID_ARGUMENT for settings that can't
// be.
absl::StatusOr<std::optional<anchor::SigningKey>> ReadAnchorKey(const AnchorSettings& settings);

// Compares the journal with the anchors that the file has of this key; OK if there is no file.
// FAILED_PRECONDITION if the journal isn't what was anchored.
absl::Status CheckAnchorFile(const AnchorSettings& settings, const anchor::SigningKey& key,
                             const store::View& view);

// Keeps anchors until they are destroyed. `server` and what `log` needs must outlive them.
absl::StatusOr<std::vector<std::unique_ptr<exporting::AnchorWriter>>> KeepAnchors(
    const AnchorSettings& settings, const anchor::SigningKey& key, const gate::Server& server,
    const logging::Log& log);

}  // namespace fundgate::main

#endif  // SERVER_MAIN_ANCHOR_SETTINGS_H_
