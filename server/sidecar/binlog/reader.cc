#include "server/sidecar/binlog/reader.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "server/sidecar/binlog/cached_map.h"

namespace fundgate::binlog {

Reader::Reader(TransactionListener& listener, ReaderOptions options)
    : listener_(listener), options_(std::move(options)) {}

Reader::~Reader() = default;

absl::Status Reader::Apply(std::span<const uint8_t> event, uint64_t offset) {
  if (!failed_.ok()) return failed_;
  offset_ = offset;
  failed_ = ApplyEvent(event);
  return failed_;
}

absl::Status Reader::Placed(const absl::Status& status) const {
  const std::string file = options_.file_name.empty() ? "the binlog" : options_.file_name;
  return absl::Status(status.code(), absl::StrCat(file, " at offset ", offset_, ", event ",
                                                  NameOf(header_.type), ": ", status.message()));
}

absl::Status Reader::Damaged(std::string_view sentence) const {
  return Placed(absl::DataLossError(ToAbsl(sentence)));
}

absl::Status Reader::CheckFrame(std::span<const uint8_t> event) {
  header_ = EventHeader();
  if (event.size() < EventHeader::kSize) {
    return Damaged(
        absl::StrCat("only ", event.size(), " of the 19 bytes of an event's header are", " there"));
  }
  header_ = ReadHeader(event);
  if (header_.size != event.size()) {
    return Damaged(absl::StrCat("the header announces ", header_.size, " bytes, but the event has ",
                                event.size()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::span<const uint8_t>> Reader::Body(std::span<const uint8_t> event) {
  const bool expected = format_ ? format_->checksums : options_.require_checksum;
  checksum_held_ = ChecksumHolds(event);
  if (expected && !checksum_held_) {
    return Damaged(
        "its CRC32 doesn't match its bytes: the file or the transfer is damaged; fetch it again"
        " from the server");
  }
  const size_t header_size = format_ ? format_->header_size : EventHeader::kSize;
  // The made-up ROTATE that opens a connection comes before anything says whether it has a CRC.
  const size_t tail = expected || (!format_ && checksum_held_) ? kChecksumSize : 0;
  if (event.size() < header_size + tail) return Damaged("it is shorter than its header");
  return event.subspan(header_size, event.size() - header_size - tail);
}

absl::Status Reader::ApplyEvent(std::span<const uint8_t> event) {
  FUNDGATE_RETURN_IF_ERROR(CheckFrame(event));
  if (header_.type == EventType::kFormatDescription) return ApplyFormat(event);
  FUNDGATE_ASSIGN_OR_RETURN(const std::span<const uint8_t> body, Body(event));
  if (header_.type == EventType::kRotate) return ApplyRotate(body);
  if (!format_ && header_.type != EventType::kHeartbeat)
    return Damaged("it comes before the format description that says how to read it");
  return Dispatch(body);
}

absl::Status Reader::Dispatch(std::span<const uint8_t> body) {
  switch (header_.type) {
    case EventType::kMariaDbGtid:
      return ApplyMariaDbGtid(body);
    case EventType::kGtid:
    case EventType::kAnonymousGtid:
    case EventType::kGtidTagged:
      return ApplyGtid(body);
    case EventType::kTransactionPayload:
      return ApplyPayload(body);
    case EventType::kQuery:
      return ApplyQuery(body, false);
    case EventType::kQueryCompressed:
      return ApplyQuery(body, true);
    case EventType::kXid:
      return ApplyXid();
    case EventType::kXaPrepare:
      return ApplyXaPrepare(body);
    case EventType::kIncident:
      return ApplyIncident(body);
    case EventType::kTableMap:
      return ApplyTableMap(body);
    case EventType::kWriteRowsV1:
    case EventType::kUpdateRowsV1:
    case EventType::kDeleteRowsV1:
    case EventType::kWriteRows:
    case EventType::kUpdateRows:
    case EventType::kDeleteRows:
    case EventType::kWriteRowsCompressedV1:
    case EventType::kUpdateRowsCompressedV1:
    case EventType::kDeleteRowsCompressedV1:
    case EventType::kWriteRowsCompressed:
    case EventType::kUpdateRowsCompressed:
    case EventType::kDeleteRowsCompressed:
      return ApplyRows(body);
    case EventType::kPartialUpdateRows:
      return ApplyPartialRows(body);
    case EventType::kAnnotateRows:
      annotation_ = AsText(body);
      return absl::OkStatus();
    case EventType::kRowsQuery:
      // One byte that can't hold the length of longer texts, and so isn't looked at.
      annotation_ = AsText(body.subspan(body.empty() ? 0 : 1));
      return absl::OkStatus();
    case EventType::kStartEncryption:
      return Placed(absl::FailedPreconditionError(
          "the file is encrypted from here on; read it through a connection to its server, or"
          " decrypt it with mariadb-binlog first"));
    default:
      return ApplyOther();
  }
}

// Events that carry no rows and don't end a group, and those that nobody here knows.
absl::Status Reader::ApplyOther() {
  switch (header_.type) {
    case EventType::kStop:
    case EventType::kHeartbeat:
    case EventType::kHeartbeatV2:
    case EventType::kIgnorable:
    case EventType::kPreviousGtids:
    case EventType::kTransactionContext:
    case EventType::kViewChange:
    case EventType::kBinlogCheckpoint:
    case EventType::kGtidList:
    // Parts of a statement that comes as a QUERY or an EXECUTE_LOAD_QUERY after them.
    case EventType::kIntVar:
    case EventType::kRand:
    case EventType::kUserVar:
    case EventType::kBeginLoadQuery:
    case EventType::kAppendBlock:
    case EventType::kCreateFile:
    case EventType::kDeleteFile:
    case EventType::kSlave:
      return absl::OkStatus();
    case EventType::kLoad:
    case EventType::kNewLoad:
    case EventType::kExecLoad:
    case EventType::kExecuteLoadQuery:
      FUNDGATE_RETURN_IF_ERROR(BeginUnlessOpen(true));
      FUNDGATE_RETURN_IF_ERROR(TellUnreadable(Unreadable::Kind::kStatement, "", "",
                                              "LOAD DATA was logged as a statement, without rows"));
      return EndIfStandalone();
    default:
      if ((header_.flags & EventHeader::kIgnorable) != 0) return absl::OkStatus();
      FUNDGATE_RETURN_IF_ERROR(BeginBetween());
      FUNDGATE_RETURN_IF_ERROR(TellUnreadable(
          Unreadable::Kind::kUnknownEvent, "", "",
          absl::StrCat("an event of ", NameOf(header_.type), " from a server ",
                       format_->server_version, " is not known and not marked as ignorable")));
      return EndIfStandalone();
  }
}

absl::Status Reader::ApplyFormat(std::span<const uint8_t> event) {
  absl::StatusOr<Format> format = ReadFormat(event);
  if (!format.ok()) return Placed(format.status());
  if (options_.require_checksum && !format->checksums) {
    return Placed(absl::FailedPreconditionError(
        "the server sends events without checksums, but they are required; set"
        " binlog_checksum=CRC32 there"));
  }
  // The maps' numbers begin anew.
  maps_.clear();
  announced_.reset();
  format_ = *std::move(format);
  // No transaction spans two files: the server crashed while it wrote this one.
  return open_ ? End(TransactionEnd::kCutOff) : absl::OkStatus();
}

absl::Status Reader::ApplyRotate(std::span<const uint8_t> body) {
  Bytes in(body);
  in.Little(8);  // where reading goes on: the first event, or the one that was asked for
  if (!in.ok() || in.left() == 0) return Damaged("it names no file");
  options_.file_name = AsText(in.rest());
  return absl::OkStatus();
}

}  // namespace fundgate::binlog
