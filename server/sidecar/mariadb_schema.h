// Asks a MariaDB or MySQL server what its tables are, see schema/learn.h.
#ifndef SERVER_SIDECAR_MARIADB_SCHEMA_H_
#define SERVER_SIDECAR_MARIADB_SCHEMA_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/sidecar/feed/source_position.h"
#include "server/sidecar/schema/learn.h"
#include "server/sidecar/sources/mariadb/primary.h"

namespace fundgate::sidecar {

// Where a session begins, in terms of the names that transactions of that server have.
schema::SessionStart StartOf(const feed::SourcePosition& position, const std::string& server_uid);

// Used by one thread, before the primary's binlog is read with the same server id. All that it is
// given lives longer.
class MariadbSchema final : public schema::SchemaServer {
 public:
  MariadbSchema(sources::Primary& primary, sources::HeadReader& head,
                const feed::SourcePosition& position, uint32_t server_id)
      : primary_(primary), head_(head), position_(position), server_id_(server_id) {}

  absl::StatusOr<Rows> Query(const std::string& sql) override;
  absl::StatusOr<std::string> ReadHead() override { return head_.Read(); }
  bool Covers(const std::string& position, std::string_view id) override;
  absl::Status Scan(const EventSink& sink) override;

 private:
  sources::Primary& primary_;
  sources::HeadReader& head_;
  const feed::SourcePosition& position_;
  const uint32_t server_id_;
};

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_MARIADB_SCHEMA_H_
