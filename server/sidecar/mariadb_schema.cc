#include "server/sidecar/mariadb_schema.h"

#include <span>
#include <utility>

#include "fundgate/types/status_macros.h"
#include "server/sidecar/sources/mysql/open_binlog.h"

namespace fundgate::sidecar {
namespace {

// A name that is no GTID lies before nothing.
bool CoversId(const feed::SourcePosition& position, std::string_view id) {
  const absl::StatusOr<feed::Step> step = feed::StepOfTransaction(id, position.form());
  return step.ok() && position.Covers(*step);
}

}  // namespace

schema::SessionStart StartOf(const feed::SourcePosition& position) {
  return {.position = position.ToString(),
          .covers = [&position](std::string_view id) { return CoversId(position, id); },
          .follows =
              [&position](const std::string& older) {
                const auto before = feed::SourcePosition::Parse(older, position.form());
                return before.ok() && position.Covers(*before);
              }};
}

absl::StatusOr<schema::SchemaServer::Rows> MariadbSchema::Query(const std::string& sql) {
  return primary_.session->Query(sql);
}

bool MariadbSchema::Covers(const std::string& position, std::string_view id) {
  const auto head = feed::SourcePosition::Parse(position, position_.form());
  return head.ok() && CoversId(*head, id);
}

absl::Status MariadbSchema::Scan(const EventSink& sink) {
  FUNDGATE_ASSIGN_OR_RETURN(
      std::unique_ptr<sources::MariadbSession> session,
      sources::MariadbSession::Connect(primary_.session->endpoint(), primary_.login));
  FUNDGATE_ASSIGN_OR_RETURN(
      const std::unique_ptr<sources::EventStream> binlog,
      sources::OpenBinlog(primary_.flavor, std::move(session), position_.Steps(),
                          {.server_id = server_id_, .stops_at_end = true}));
  while (true) {
    FUNDGATE_ASSIGN_OR_RETURN(const std::span<const uint8_t> event, binlog->Fetch());
    if (event.empty()) return absl::OkStatus();
    FUNDGATE_RETURN_IF_ERROR(sink(event, 0));
  }
}

}  // namespace fundgate::sidecar
