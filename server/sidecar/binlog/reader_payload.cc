// Transactions that come as one event, with their own events inside.
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/sidecar/binlog/cached_map.h"
#include "server/sidecar/binlog/payload.h"
#include "server/sidecar/binlog/reader.h"

namespace fundgate::binlog {

absl::Status Reader::ApplyPayload(std::span<const uint8_t> body) {
  absl::StatusOr<Payload> payload = Payload::Open(body);
  if (absl::IsUnimplemented(payload.status())) {
    // A whole transaction, its BEGIN and its end included.
    FUNDGATE_RETURN_IF_ERROR(BeginUnlessOpen(true));
    FUNDGATE_RETURN_IF_ERROR(
        TellUnreadable(Unreadable::Kind::kUnknownEvent, "", "",
                       absl::StrCat(payload.status().message(),
                                    "; set binlog_transaction_compression=OFF at the server")));
    return End(TransactionEnd::kCommit);
  }
  if (!payload.ok()) return Placed(payload.status());
  const EventHeader outer = header_;
  while (true) {
    const absl::StatusOr<std::span<const uint8_t>> event = payload->Next();
    if (!event.ok()) return Placed(event.status());
    if (event->empty()) break;
    FUNDGATE_RETURN_IF_ERROR(ApplyPacked(*event, outer.end_position));
  }
  header_ = outer;
  return absl::OkStatus();
}

// What is inside stands nowhere in the file: the transaction ends where the event does.
absl::Status Reader::ApplyPacked(std::span<const uint8_t> event, uint64_t end_position) {
  FUNDGATE_RETURN_IF_ERROR(CheckFrame(event));
  header_.end_position = static_cast<decltype(header_.end_position)>(end_position);
  switch (header_.type) {
    case EventType::kFormatDescription:
    case EventType::kRotate:
    case EventType::kTransactionPayload:
      return Damaged("it stands inside of a compressed transaction");
    default:
      break;
  }
  if (event.size() < format_->header_size) return Damaged("it is shorter than its header");
  return Dispatch(event.subspan(format_->header_size));
}

}  // namespace fundgate::binlog
