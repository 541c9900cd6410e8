#include "server/export/sinks/webhook/webhook_sink.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"

namespace fundgate::exporting {

absl::Status WebhookSink::Tell(const v1::Alert& alert) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string body;
  const auto status = google::protobuf::util::MessageToJsonString(alert, &body, options);
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("alert ", alert.id(), " can't be written as JSON: ", status.ToString()));
  }
  return post_->Post(body, {absl::StrCat("Idempotency-Key: ", alert.id())});
}

}  // namespace fundgate::exporting
