#include "server/main/anchor_settings.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "connection/guarded_file.h"
#include "fundgate/types/status_macros.h"
#include "server/export/http_post.h"
#include "server/main/secret_settings.h"

namespace fundgate::main {

void DeclareAnchorSettings(CLI::App& app, AnchorSettings& settings) {
  CLI::Option* key =
      app.add_option("--anchor-key", settings.key_file,
                     "Sign where the journal stands with this private Ed25519 key, in PEM, so that "
                     "a rewritten tail shows")
          ->envname("FUNDGATE_ANCHOR_KEY")
          ->type_name("FILE");
  CLI::Option* webhook =
      app.add_option(
             "--anchor-webhook", settings.webhook,
             "Post each anchor there, as JSON; @FILE: the address, a secret itself, is in the file")
          ->envname("FUNDGATE_ANCHOR_WEBHOOK")
          ->type_name("URL|@FILE")
          ->needs(key);
  app.add_option("--anchor-token-file", settings.webhook_token_file,
                 "A bearer token for --anchor-webhook")
      ->envname("FUNDGATE_ANCHOR_TOKEN_FILE")
      ->type_name("FILE")
      ->needs(webhook);
  app.add_option("--anchor-ca-file", settings.webhook_ca_file,
                 "Who signs the certificate of --anchor-webhook; the system's authorities if not "
                 "given")
      ->envname("FUNDGATE_ANCHOR_CA_FILE")
      ->type_name("FILE")
      ->needs(webhook);
  app.add_option("--anchor-file", settings.file, "Append each anchor to this file, a line of JSON")
      ->envname("FUNDGATE_ANCHOR_FILE")
      ->type_name("FILE")
      ->needs(key);
  app.add_option("--anchor-every", settings.every_seconds,
                 "An anchor is due after so many seconds, if anything was recorded")
      ->envname("FUNDGATE_ANCHOR_EVERY")
      ->check(CLI::Range(0.2, 86'400.0))
      ->capture_default_str();
  app.add_option("--anchor-records", settings.records, "Or after so many records")
      ->envname("FUNDGATE_ANCHOR_RECORDS")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1'000'000'000}))
      ->capture_default_str();
}

absl::StatusOr<std::optional<anchor::SigningKey>> ReadAnchorKey(const AnchorSettings& settings) {
  if (settings.key_file.empty()) return std::nullopt;
  if (settings.file.empty() && settings.webhook.empty()) {
    return absl::InvalidArgumentError(
        "--anchor-key needs --anchor-file or --anchor-webhook: where anchors are kept");
  }
  const absl::StatusOr<std::string> pem =
      connection::ReadGuardedFile(settings.key_file, connection::Readers::kOwner);
  if (!pem.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--anchor-key: ", pem.status().message()));
  }
  absl::StatusOr<anchor::SigningKey> key = anchor::SigningKey::FromPem(*pem);
  if (key.ok()) return *std::move(key);
  return absl::InvalidArgumentError(
      absl::StrCat("--anchor-key ", settings.key_file, ": ", key.status().message()));
}

absl::Status CheckAnchorFile(const AnchorSettings& settings, const anchor::SigningKey& key,
                             const store::View& view) {
  if (settings.file.empty()) return absl::OkStatus();
  absl::StatusOr<anchor::Anchors> anchors = anchor::Anchors::Read(settings.file);
  if (absl::IsNotFound(anchors.status())) return absl::OkStatus();  // the first one makes it
  FUNDGATE_RETURN_IF_ERROR(anchors.status());
  return exporting::CheckAnchored(view, *std::move(anchors), key.public_key());
}

absl::StatusOr<std::vector<std::unique_ptr<exporting::AnchorWriter>>> KeepAnchors(
    const AnchorSettings& settings, const anchor::SigningKey& key, const gate::Server& server,
    const logging::Log& log) {
  std::vector<std::unique_ptr<exporting::AnchorSink>> sinks;
  if (!settings.file.empty()) {
    sinks.push_back(std::make_unique<exporting::AnchorFile>(settings.file));
  }
  if (!settings.webhook.empty()) {
    exporting::HttpSettings http;
    FUNDGATE_ASSIGN_OR_RETURN(http.url, ReadAddress("--anchor-webhook", settings.webhook));
    http.ca_file = settings.webhook_ca_file;
    if (!settings.webhook_token_file.empty()) {
      FUNDGATE_ASSIGN_OR_RETURN(http.token,
                                ReadSecret("--anchor-token-file", settings.webhook_token_file));
    }
    FUNDGATE_ASSIGN_OR_RETURN(auto post, exporting::HttpPost::Make(std::move(http)));
    sinks.push_back(std::make_unique<exporting::AnchorWebhook>(std::move(post)));
  }
  const exporting::AnchorRhythm rhythm{absl::Seconds(settings.every_seconds), settings.records};
  std::vector<std::unique_ptr<exporting::AnchorWriter>> writers;
  for (std::unique_ptr<exporting::AnchorSink>& sink : sinks) {
    writers.push_back(std::make_unique<exporting::AnchorWriter>(
        exporting::AnchorTurns(server.store(), key, std::move(sink), rhythm), log));
  }
  return writers;
}

}  // namespace fundgate::main
