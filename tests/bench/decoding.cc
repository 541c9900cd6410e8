#include "tests/bench/decoding.h"

#include <utility>

#include "server/policy/document.h"
#include "server/policy/validate.h"

namespace fundgate::bench {
namespace {

constexpr size_t kEventsKept = 64;  // about what is sent at a time

binlog::ReaderOptions OptionsOf(Decoding::Work work) {
  binlog::ReaderOptions options = {.require_checksum = true, .file_name = "bin.000001"};
  if (work == Decoding::Work::kSkip)
    options.wants_table = [](std::string_view, std::string_view) { return false; };
  return options;
}

}  // namespace

Decoding::Decoding(const PaymentsStream& stream, Work work)
    : stream_(stream), work_(work), reader_(*this, OptionsOf(work)) {
  if (work == Work::kMap) {
    policy::Problems problems("bench.yaml");
    policy::ReadDocument read = policy::ReadPolicyDocument(PaymentsStream::Policy(), problems);
    policy::Validate(read.document, read.places, problems);
    absl::StatusOr<mapping::RowMapper> mapper =
        problems.empty() ? mapping::RowMapper::Create(read.document, "pay_db")
                         : absl::InvalidArgumentError("the policy of the bench can't be read");
    if (mapper.ok()) {
      mapper_ = std::make_unique<mapping::RowMapper>(*std::move(mapper));
    } else {
      error_ = mapper.status().ToString();
    }
  }
  Apply(stream.format());
}

void Decoding::Apply(const decoder_testing::EventBytes& event) {
  if (!error_.empty()) return;
  const absl::Status read = reader_.Apply(event, 4);
  if (!read.ok()) error_ = read.ToString();
}

void Decoding::ReadTransaction(size_t times) {
  for (const auto& event : stream_.begin()) Apply(event);
  for (size_t i = 0; i < times; ++i) {
    for (const auto& event : stream_.rows()) Apply(event);
  }
  Apply(stream_.end());
}

absl::Status Decoding::OnBegin(const binlog::TransactionHead& head) {
  if (mapper_ != nullptr) mapper_->Begin(head);
  return absl::OkStatus();
}

absl::Status Decoding::OnRow(const binlog::RowChange& row) {
  ++rows_;
  if (work_ != Work::kMap) return absl::OkStatus();
  if (events_.size() >= kEventsKept) events_.clear();
  const size_t before = events_.size();
  absl::Status mapped = mapper_->AppendEvents(row, &events_);
  if (mapped.ok() && (events_.size() != before + 1 || !events_.back().has_movement()))
    return absl::InternalError("a row did not become a movement: " + events_.back().DebugString());
  return mapped;
}

absl::Status Decoding::OnStatement(std::string_view, std::string_view) { return absl::OkStatus(); }

absl::Status Decoding::OnUnreadable(const binlog::Unreadable& unreadable) {
  return absl::InternalError(unreadable.reason);
}

absl::Status Decoding::OnEnd(binlog::TransactionEnd) { return absl::OkStatus(); }

}  // namespace fundgate::bench
