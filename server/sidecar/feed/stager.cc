#include "server/sidecar/feed/stager.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::feed {
namespace {

// Where in a transaction that stands that is no row: behind all rows.
constexpr uint32_t kBehindAllRows =
    mapping::RowMapper::kRowsMax * mapping::RowMapper::kEventsOfARow;

// Lines in the log about one transaction, which may have a million rows.
constexpr uint64_t kGapsTold = 10;

absl::StatusOr<Step> StepOfGtid(const binlog::TransactionHead& head) {
  FUNDGATE_ASSIGN_OR_RETURN(const Gtid gtid, Gtid::Parse(head.id));
  return Step(gtid);
}

StagerOptions WithDefaults(StagerOptions options) {
  if (options.step_of == nullptr) options.step_of = StepOfGtid;
  return options;
}

}  // namespace

Stager::Stager(mapping::RowMapper& mapper, StagerOptions options, const sidecar::Log& log,
               Counters& counters, Sink sink)
    : mapper_(mapper),
      options_(WithDefaults(std::move(options))),
      log_(log),
      counters_(counters),
      sink_(std::move(sink)) {}

absl::Status Stager::OnBegin(const binlog::TransactionHead& head) {
  FUNDGATE_ASSIGN_OR_RETURN(Step step, options_.step_of(head));
  id_ = head.id;
  transaction_.emplace(Transaction{std::move(step),
                                   absl::FromUnixSeconds(head.committed_at),
                                   {options_.memory_bytes_max, options_.spill_folder}});
  unreadable_.clear();
  gaps_ = 0;
  mapper_.Begin(head);
  return absl::OkStatus();
}

absl::Status Stager::OnRow(const binlog::RowChange& row) {
  ++counters_.rows;
  FUNDGATE_RETURN_IF_ERROR(mapper_.AppendEvents(row, &appended_));
  for (v1::Event& event : appended_) {
    if (event.has_gap()) Tell(event.gap());
    FUNDGATE_RETURN_IF_ERROR(transaction_->events.Append(std::move(event)));
  }
  appended_.clear();
  return absl::OkStatus();
}

absl::Status Stager::OnStatement(std::string_view /*database*/, std::string_view /*sql*/) {
  return absl::OkStatus();
}

absl::Status Stager::OnUnreadable(const binlog::Unreadable& unreadable) {
  mapper_.AppendGaps(unreadable, &appended_);
  for (v1::Event& event : appended_) {
    const std::string kind = event.gap().movement_kind();
    const auto [kept, is_new] = unreadable_.emplace(kind, std::move(event));
    if (is_new) Tell(kept->second.gap());
  }
  appended_.clear();
  return absl::OkStatus();
}

void Stager::Tell(const v1::Gap& gap) {
  ++counters_.gaps;
  if (++gaps_ > kGapsTold) return;
  log_.Error("a change can't be read: what it may have moved is unproven",
             {{"transaction", id_},
              {"kind", gap.movement_kind()},
              {"account", gap.account_id()},
              {"order", gap.order_id()},
              {"table", gap.table()},
              {"reason", gap.reason()}});
}

absl::Status Stager::OnEnd(binlog::TransactionEnd end) {
  if (end == binlog::TransactionEnd::kCutOff) {
    log_.Warning("the server crashed while it wrote a transaction: it has not happened",
                 {{"transaction", id_}});
    transaction_.reset();
    return absl::OkStatus();
  }
  if (gaps_ > kGapsTold) {
    log_.Error("more changes of the same transaction can't be read",
               {{"transaction", id_}, {"more", absl::StrCat(gaps_ - kGapsTold)}});
  }
  Transaction transaction = *std::exchange(transaction_, std::nullopt);
  if (end == binlog::TransactionEnd::kRollback) transaction.events.Clear();
  transaction.is_prepared = end == binlog::TransactionEnd::kXaPrepare;
  if (transaction.is_prepared && !transaction.events.empty()) {
    counters_.gaps += transaction.events.count();
    log_.Error("a prepared XA transaction changed mapped rows: what it may move is unproven",
               {{"transaction", id_}, {"events", absl::StrCat(transaction.events.count())}});
  }
  for (auto& [kind, event] : unreadable_) {
    event.set_row_index(kBehindAllRows);
    FUNDGATE_RETURN_IF_ERROR(transaction.events.Append(std::move(event)));
  }
  if (options_.stops_at_gap && (gaps_ > 0 || transaction.has_prepared_events())) {
    return absl::FailedPreconditionError(absl::StrCat(
        "transaction ", id_, " has a gap (see above), and the policy says on_gap: stop. Nothing ",
        "behind it is read; to go on with what it touches unproven, apply a policy with on_gap: ",
        "continue and start again"));
  }
  v1::Event marked;
  mapper_.Mark(marked);
  transaction.marks = std::move(*marked.mutable_origin()->mutable_marker());
  ++counters_.transactions;
  // What says no time (the end of a partition) is no progress.
  if (transaction.committed_at > absl::UnixEpoch()) {
    counters_.committed_at = absl::ToUnixSeconds(transaction.committed_at);
  }
  counters_.events += transaction.events.count();
  return sink_(std::move(transaction));
}

}  // namespace fundgate::feed
