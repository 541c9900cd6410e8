#include "server/sidecar/feed/stager.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::feed {

Stager::Stager(mapping::RowMapper& mapper, StagerOptions options, const sidecar::Log& log,
               Counters& counters, Sink sink)
    : mapper_(mapper),
      options_(std::move(options)),
      log_(log),
      counters_(counters),
      sink_(std::move(sink)) {}

absl::Status Stager::OnBegin(const binlog::TransactionHead& head) {
  FUNDGATE_ASSIGN_OR_RETURN(const Gtid gtid, Gtid::Parse(head.id));
  transaction_.emplace(Transaction{gtid,
                                   absl::FromUnixSeconds(head.committed_at),
                                   {options_.memory_bytes_max, options_.spill_folder}});
  kinds_unreadable_.clear();
  gaps_ = 0;
  mapper_.Begin(head);
  return absl::OkStatus();
}

absl::Status Stager::OnRow(const binlog::RowChange& row) {
  FUNDGATE_RETURN_IF_ERROR(mapper_.AppendEvents(row, &appended_));
  return Keep();
}

absl::Status Stager::OnStatement(std::string_view /*database*/, std::string_view /*sql*/) {
  return absl::OkStatus();
}

absl::Status Stager::OnUnreadable(const binlog::Unreadable& unreadable) {
  mapper_.AppendGaps(unreadable, &appended_);
  // One gap a kind is as good as a thousand, and a transaction may have a million statements.
  std::erase_if(appended_, [this](const v1::Event& event) {
    return !kinds_unreadable_.insert(event.gap().movement_kind()).second;
  });
  return Keep();
}

absl::Status Stager::Keep() {
  for (v1::Event& event : appended_) {
    if (event.has_gap()) {
      ++gaps_;
      Tell(event.gap());
    }
    FUNDGATE_RETURN_IF_ERROR(transaction_->events.Append(std::move(event)));
  }
  appended_.clear();
  return absl::OkStatus();
}

void Stager::Tell(const v1::Gap& gap) const {
  log_.Error("a change can't be read: what it may have moved is unproven",
             {{"gtid", transaction_->gtid.ToString()},
              {"kind", gap.movement_kind()},
              {"account", gap.account_id()},
              {"order", gap.order_id()},
              {"table", gap.table()},
              {"reason", gap.reason()}});
}

absl::Status Stager::OnEnd(binlog::TransactionEnd end) {
  Transaction transaction = *std::exchange(transaction_, std::nullopt);
  if (end == binlog::TransactionEnd::kRollback) transaction.events.Clear();
  transaction.is_prepared = end == binlog::TransactionEnd::kXaPrepare;
  if (transaction.is_prepared && !transaction.events.empty()) {
    log_.Error("a prepared XA transaction changed mapped rows: what it may move is unproven",
               {{"gtid", transaction.gtid.ToString()},
                {"events", absl::StrCat(transaction.events.count())}});
    gaps_ = transaction.events.count();
  }
  v1::Event marked;
  mapper_.Mark(marked);
  transaction.marks = std::move(*marked.mutable_origin()->mutable_marker());
  ++counters_.transactions;
  counters_.events += transaction.events.count();
  if (end != binlog::TransactionEnd::kRollback) counters_.gaps += gaps_;
  return sink_(std::move(transaction));
}

}  // namespace fundgate::feed
