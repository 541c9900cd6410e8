#include "server/gate/grpc_status.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/gate/convert_values.h"

namespace fundgate::gate {
namespace {

// Trailers hold 8 KiB. Messages may grow threefold on the way, as percent escapes.
constexpr size_t kMaxMessageBytes = 1000;
constexpr size_t kMaxDetailBytes = 4000;
constexpr size_t kMaxDescriptionBytes = 1000;

// Where a status keeps its own delay, in milliseconds.
constexpr const char* kDelayPayload = "fundgate/retry_delay_ms";

absl::Duration RetryDelayOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kDelayPayload);
  int64_t milliseconds = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &milliseconds)) {
    return kRetryDelay;
  }
  return absl::Milliseconds(milliseconds);
}

// At most `max` bytes, never through the middle of a UTF-8 character.
std::string Cut(const std::string& text, size_t max) {
  if (text.size() <= max) return text;
  size_t end = max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "...";
}

grpc::Status WithDetail(grpc::StatusCode code, const std::string& message,
                        const google::protobuf::Message& detail) {
  google::rpc::Status details;
  details.set_code(code);
  details.set_message(message);
  details.add_details()->PackFrom(detail);
  return {code, message, details.SerializeAsString()};
}

// The machine's own refusals begin with the field: "until: must lie in the future".
std::string FieldOf(std::string_view message) {
  const size_t colon = message.find(": ");
  if (colon == std::string_view::npos) return "";
  const std::string_view field = message.substr(0, colon);
  const bool is_field = std::all_of(field.begin(), field.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '[' ||
           c == ']';
  });
  return is_field ? std::string(field) : "";
}

}  // namespace

absl::Status WithRetryDelay(absl::Status status, absl::Duration delay) {
  const int64_t milliseconds = absl::ToInt64Milliseconds(absl::Ceil(delay, absl::Milliseconds(1)));
  status.SetPayload(kDelayPayload, absl::Cord(absl::StrCat(milliseconds)));
  return status;
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  if (absl::IsInvalidArgument(status)) {
    if (const std::string field = FieldOf(ToStd(status.message())); !field.empty()) {
      Problems problems;
      problems.Add(field, std::string(status.message().substr(field.size() + 2)));
      return InvalidArgument(problems);
    }
  }
  const auto code = static_cast<grpc::StatusCode>(status.code());
  const std::string message = Cut(std::string(status.message()), kMaxMessageBytes);
  if (!absl::IsResourceExhausted(status)) return {code, message};
  google::rpc::RetryInfo retry;
  *retry.mutable_retry_delay() = ToProto(RetryDelayOf(status));
  return WithDetail(code, message, retry);
}

grpc::Status InvalidArgument(const Problems& problems, const std::string& about) {
  google::rpc::BadRequest details;
  std::string message = about;
  size_t bytes = 0;
  size_t named = 0;
  for (const core::FieldProblem& problem : problems.found()) {
    const std::string description = Cut(problem.message, kMaxDescriptionBytes);
    bytes += problem.field.size() + description.size() + 8;
    if (named > 0 && bytes > kMaxDetailBytes) break;
    auto& violation = *details.add_field_violations();
    violation.set_field(Cut(problem.field, kMaxDescriptionBytes));
    violation.set_description(description);
    absl::StrAppend(&message, named == 0 ? "" : "; ", violation.field(), " ", description);
    ++named;
  }
  if (named < problems.found().size()) {
    auto& rest = *details.add_field_violations();
    rest.set_description(absl::StrCat("and ", problems.found().size() - named, " more problems"));
  }
  return WithDetail(grpc::StatusCode::INVALID_ARGUMENT, Cut(message, kMaxMessageBytes), details);
}

}  // namespace fundgate::gate
