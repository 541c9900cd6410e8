#include "server/sidecar/mariadb_schema.h"

#include <optional>
#include <span>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "server/sidecar/binlog/event.h"
#include "server/sidecar/sources/file_position.h"
#include "server/sidecar/sources/mysql/open_binlog.h"

namespace fundgate::sidecar {
namespace {

// A transaction of a server without GTIDs is named by FILE:OFFSET where it begins.
absl::StatusOr<feed::Step> StepInside(std::string_view id, const std::string& server_uid) {
  const size_t colon = id.rfind(':');
  sources::FilePlace place;
  if (colon == std::string_view::npos ||
      !absl::SimpleAtoi(ToAbsl(id.substr(colon + 1)), &place.offset)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", ToAbsl(id), "\" is no FILE:OFFSET"));
  }
  place.file = std::string(id.substr(0, colon));
  place.offset += 1;
  FUNDGATE_ASSIGN_OR_RETURN(const uint64_t number, sources::NumberOf(place));
  return feed::Step{sources::StreamOf(place, server_uid), number, std::nullopt};
}

// A name that can't be read lies before nothing.
bool CoversId(const feed::SourcePosition& position, std::string_view id,
              const std::string& server_uid) {
  const absl::StatusOr<feed::Step> step = position.form() == feed::PositionForm::kFiles
                                              ? StepInside(id, server_uid)
                                              : feed::StepOfTransaction(id, position.form());
  return step.ok() && position.Covers(*step);
}

}  // namespace

schema::SessionStart StartOf(const feed::SourcePosition& position, const std::string& server_uid) {
  return {.position = position.ToString(),
          .covers = [&position, server_uid](
                        std::string_view id) { return CoversId(position, id, server_uid); },
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
  return head.ok() && CoversId(*head, id, primary_.server_uid);
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
    const bool has_header = event.size() >= binlog::EventHeader::kSize;
    const uint64_t offset = has_header ? binlog::OffsetOf(binlog::ReadHeader(event)) : 0;
    FUNDGATE_RETURN_IF_ERROR(sink(event, offset));
  }
}

}  // namespace fundgate::sidecar
