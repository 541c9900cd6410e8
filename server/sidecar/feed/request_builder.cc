#include "server/sidecar/feed/request_builder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/sidecar/mapping/row_mapper.h"

namespace fundgate::feed {
namespace {

// The row that gave the event, within its transaction.
uint32_t RowOf(const v1::Event& event) {
  return event.row_index() / mapping::RowMapper::kEventsOfARow;
}

absl::Status RunsBackwards(const Step& step, const SourcePosition& position) {
  if (position.form() == PositionForm::kOffsets) {
    return absl::DataLossError(
        absl::StrCat("a message before ", step.ToString(), " comes after \"", position.ToString(),
                     "\": the partition was written anew; the source's books must be built anew"));
  }
  if (position.form() == PositionForm::kFiles) {
    return absl::DataLossError(absl::StrCat(
        "a transaction that ends at ", step.ToString(), " comes after \"", position.ToString(),
        "\": its file is longer than 4 GiB, beyond which events don't say where they are; the ",
        "source's books must be built anew, best after max_binlog_size was lowered"));
  }
  return absl::DataLossError(absl::StrCat(
      "transaction ", step.ToString(), " changes mapped rows and comes after \"",
      position.ToString(), "\", though its number doesn't: the server wrote it under ",
      "gtid_strict_mode=OFF. It can't be told whether the gate has it; set that ON again, and ",
      "build the source's books anew from a snapshot"));
}

absl::Status TwoInParts(const Step& step) {
  return absl::UnavailableError(absl::StrCat(
      "the large transaction ", step.ToString(), " comes before another one of its server, of ",
      "which the first rows were sent: this server wrote them in another order than the one that ",
      "was read before, and the source waits for that one (replicas: "
      "slave_preserve_commit_order)"));
}

}  // namespace

absl::StatusOr<RequestBuilder> RequestBuilder::Create(std::string source, uint64_t mapping_version,
                                                      const v1::GetPositionResponse& grant,
                                                      PositionForm form,
                                                      const RequestLimits& limits) {
  FUNDGATE_ASSIGN_OR_RETURN(SourcePosition position, SourcePosition::Parse(grant.position(), form));
  v1::IngestRequest head;
  head.set_source(std::move(source));
  head.set_epoch(grant.epoch());
  head.set_mapping_version(mapping_version);
  return RequestBuilder(std::move(head), std::move(position), limits);
}

RequestBuilder::RequestBuilder(v1::IngestRequest head, SourcePosition position,
                               const RequestLimits& limits)
    : limits_(limits), head_(std::move(head)), position_(std::move(position)) {
  Begin(position_.ToString());
}

void RequestBuilder::Begin(const std::string& previous_position) {
  request_ = head_;
  request_.set_previous_position(previous_position);
  bytes_ = 0;
  moved_ = false;
}

void RequestBuilder::TakeUndecided(const Transaction& transaction) {
  if (!transaction.undecided.has_value()) return;
  position_.SetUndecided(*transaction.undecided);
  moved_ = true;
}

bool RequestBuilder::IsFull(bool in_parts) const {
  const size_t most = in_parts ? std::min(limits_.events, limits_.events_of_part) : limits_.events;
  return static_cast<size_t>(request_.events_size()) >= most || bytes_ >= limits_.bytes;
}

absl::StatusOr<bool> RequestBuilder::AddSnapshot(Transaction& transaction) {
  if (has_events() || moves()) return false;
  while (true) {
    FUNDGATE_ASSIGN_OR_RETURN(v1::Event* const event, transaction.events.Front());
    if (event == nullptr) break;
    *request_.add_events() = std::move(*event);
    transaction.events.Pop();
  }
  *request_.mutable_snapshot() = *std::move(transaction.snapshot);
  return true;
}

absl::StatusOr<bool> RequestBuilder::Add(Transaction& transaction) {
  if (transaction.snapshot.has_value()) return AddSnapshot(transaction);
  if (request_.has_snapshot()) return false;
  if (position_.Covers(transaction.step)) {
    if (!transaction.events.empty() && !position_.MayRepeat(transaction.step)) {
      return RunsBackwards(transaction.step, position_);
    }
    TakeUndecided(transaction);
    return true;
  }
  StagedEvents& events = transaction.events;
  // Not torn apart if it fits the request after this one.
  if (has_events() && (static_cast<size_t>(request_.events_size()) + events.count() >
                           std::min(limits_.events, limits_.events_together) ||
                       bytes_ + events.bytes() > limits_.bytes)) {
    return false;
  }
  FUNDGATE_ASSIGN_OR_RETURN(const uint32_t rows_sent, position_.RowsSent(transaction.step));
  const bool in_parts =
      rows_sent > 0 || events.count() > limits_.events || events.bytes() > limits_.bytes;
  std::optional<uint32_t> newest_row;
  while (true) {
    FUNDGATE_ASSIGN_OR_RETURN(v1::Event* const event, events.Front());
    if (event == nullptr) break;
    if (RowOf(*event) < rows_sent) {
      events.Pop();
      continue;
    }
    if (IsFull(in_parts) && RowOf(*event) != newest_row) {
      if (position_.HasPartOfAnother(transaction.step)) return TwoInParts(transaction.step);
      position_.AdvanceRows(transaction.step, *newest_row + 1);
      moved_ = true;
      return false;
    }
    newest_row = RowOf(*event);
    if (transaction.was_prepared) {
      event->mutable_occurred_at()->set_seconds(absl::ToUnixSeconds(transaction.committed_at));
    }
    for (const auto& [name, mark] : transaction.marks) {
      (*event->mutable_origin()->mutable_marker())[name] = mark;
    }
    bytes_ += event->ByteSizeLong();
    *request_.add_events() = std::move(*event);
    events.Pop();
  }
  position_.Advance(transaction.step);
  moved_ = true;
  TakeUndecided(transaction);
  const int64_t committed_at = absl::ToUnixSeconds(transaction.committed_at);
  if (committed_at > 0) request_.mutable_committed_at()->set_seconds(committed_at);
  return true;
}

v1::IngestRequest RequestBuilder::Take(std::optional<v1::Probe> probe) {
  request_.set_position(position_.ToString());
  request_.set_inside_transaction(position_.has_part());
  if (probe.has_value()) *request_.mutable_probe() = *std::move(probe);
  v1::IngestRequest request = std::move(request_);
  Begin(request.position());
  return request;
}

}  // namespace fundgate::feed
