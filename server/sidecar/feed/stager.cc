#include "server/sidecar/feed/stager.h"

#include <algorithm>
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
  if (options.on_untold == nullptr) options.on_untold = [](bool) {};
  if (!options.position.has_value()) {
    options.position = *SourcePosition::Parse("", PositionForm::kGtids);
  }
  return options;
}

// Of the events of an XA transaction in memory: many may be kept at a time.
constexpr size_t kXaMemoryBytesMax = 16 << 10;

}  // namespace

Stager::Stager(mapping::RowMapper& mapper, StagerOptions options, const sidecar::Log& log,
               Counters& counters, Sink sink)
    : mapper_(mapper),
      options_(WithDefaults(std::move(options))),
      log_(log),
      counters_(counters),
      sink_(std::move(sink)),
      again_(*options_.position),
      read_(options_.position->ReadFrom()),
      prepared_(options_.prepared),
      undecided_changed_(options_.position->ever_had_undecided()) {}

absl::Status Stager::OnBegin(const binlog::TransactionHead& head) {
  head_ = head;
  unreadable_.clear();
  gaps_ = 0;
  has_row_gap_ = false;
  was_told_ = false;
  mapper_.Begin(head);
  if (!HasPlace()) return absl::OkStatus();
  FUNDGATE_ASSIGN_OR_RETURN(Step step, options_.step_of(head));
  was_told_ = again_.Takes(step);
  const size_t memory_bytes_max = head_.xa_id.empty()
                                      ? options_.memory_bytes_max
                                      : std::min(options_.memory_bytes_max, kXaMemoryBytesMax);
  transaction_.emplace(Transaction{std::move(step),
                                   absl::FromUnixSeconds(head.committed_at),
                                   {memory_bytes_max, options_.spill_folder}});
  return absl::OkStatus();
}

absl::Status Stager::OnRow(const binlog::RowChange& row) {
  ++counters_.rows;
  if (was_told_ && head_.xa_id.empty()) return absl::OkStatus();
  FUNDGATE_RETURN_IF_ERROR(mapper_.AppendEvents(row, &appended_));
  for (v1::Event& event : appended_) {
    if (event.has_gap()) {
      has_row_gap_ = true;
      Tell(event.gap());
    }
    FUNDGATE_RETURN_IF_ERROR(transaction_->events.Append(std::move(event)));
  }
  appended_.clear();
  return absl::OkStatus();
}

absl::Status Stager::OnStatement(std::string_view /*database*/, std::string_view /*sql*/) {
  return absl::OkStatus();
}

absl::Status Stager::OnUnreadable(const binlog::Unreadable& unreadable) {
  if (was_told_) return absl::OkStatus();
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
  if (was_told_) return;
  ++counters_.gaps;
  if (++gaps_ > kGapsTold) return;
  log_.Error("a change can't be read: what it may have moved is unproven",
             {{"transaction", head_.id},
              {"kind", gap.movement_kind()},
              {"account", gap.account_id()},
              {"order", gap.order_id()},
              {"table", gap.table()},
              {"reason", gap.reason()}});
}

// XA PREPARE. What can't be read in it is told now: not every table can take it back.
void Stager::Keep(Transaction& transaction) {
  prepared_.Add({.xa_id = head_.xa_id,
                 .id = head_.id,
                 .before = read_.Before(transaction.step),
                 .prepared_at = transaction.committed_at,
                 .events = std::exchange(transaction.events,
                                         StagedEvents(kXaMemoryBytesMax, options_.spill_folder)),
                 .marks = Marks(),
                 .has_gap = has_row_gap_});
  has_row_gap_ = false;
  undecided_changed_ = true;
}

// XA COMMIT.
absl::Status Stager::TakeCommitted(Transaction& transaction) {
  std::optional<PreparedTransaction> prepared = prepared_.Take(head_.xa_id);
  if (!prepared.has_value()) {
    return OnUnreadable({.reason = absl::StrCat("XA COMMIT of ", head_.xa_id,
                                                ", which was prepared before reading ",
                                                "began, or so long ago that it was given up")});
  }
  transaction.events = std::move(prepared->events);
  transaction.marks = std::move(prepared->marks);
  transaction.was_prepared = true;
  has_row_gap_ = prepared->has_gap;
  undecided_changed_ = true;
  return absl::OkStatus();
}

void Stager::GiveUpOld(absl::Time now) {
  for (const PreparedTransaction& prepared : prepared_.GiveUp(now)) {
    undecided_changed_ = true;
    log_.Warning("gave up a prepared XA transaction; if it is committed after all, it is a gap",
                 {{"transaction", prepared.id},
                  {"xa", prepared.xa_id},
                  {"prepared_at", absl::FormatTime(prepared.prepared_at, absl::UTCTimeZone())},
                  {"events", absl::StrCat(prepared.events.count())}});
  }
}

// Whether it stands at a place that a position can say.
bool Stager::HasPlace() const {
  return !head_.stands_between || read_.form() == PositionForm::kFiles;
}

absl::Status Stager::CheckMayGoOn() const {
  if (!options_.stops_at_gap || (!has_row_gap_ && unreadable_.empty())) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      HasPlace() ? "transaction " : "what stands at ", head_.id,
      " has a gap (see above), and the policy says on_gap: stop. Nothing ",
      "behind it is read; to go on with what it touches unproven, apply a policy with on_gap: ",
      "continue and start again"));
}

absl::Status Stager::KeepUntold() {
  FUNDGATE_RETURN_IF_ERROR(CheckMayGoOn());
  untold_.merge(unreadable_);
  if (untold_.empty()) return absl::OkStatus();
  log_.Warning(
      "nothing of the source is proven until its next transaction, with which that is told",
      {{"at", head_.id}});
  options_.on_untold(true);
  return absl::OkStatus();
}

// One gap a kind is enough, whatever led to it.
absl::Status Stager::AppendUnreadable(Transaction& transaction) {
  for (auto& [kind, event] : untold_) event.set_event_id(head_.id);
  unreadable_.merge(untold_);
  untold_.clear();
  for (auto& [kind, event] : unreadable_) {
    event.set_row_index(kBehindAllRows);
    FUNDGATE_RETURN_IF_ERROR(transaction.events.Append(std::move(event)));
  }
  return absl::OkStatus();
}

google::protobuf::Map<std::string, std::string> Stager::Marks() const {
  v1::Event marked;
  mapper_.Mark(marked);
  return std::move(*marked.mutable_origin()->mutable_marker());
}

// Of what an earlier session told, the prepared transactions are wanted that it still waited for.
absl::Status Stager::Remember(Transaction transaction, binlog::TransactionEnd end) {
  const Step step = transaction.step;
  if (end == binlog::TransactionEnd::kXaPrepare) {
    Keep(transaction);
  } else if (end == binlog::TransactionEnd::kXaCommit ||
             end == binlog::TransactionEnd::kXaRollback) {
    (void)prepared_.Take(head_.xa_id);
  }
  read_.Advance(step);
  return absl::OkStatus();
}

absl::Status Stager::OnEnd(binlog::TransactionEnd end) {
  if (end == binlog::TransactionEnd::kCutOff) {
    log_.Warning("the server crashed while it wrote a transaction: it has not happened",
                 {{"transaction", head_.id}});
    transaction_.reset();
    return absl::OkStatus();
  }
  if (gaps_ > kGapsTold) {
    log_.Error("more changes of the same transaction can't be read",
               {{"transaction", head_.id}, {"more", absl::StrCat(gaps_ - kGapsTold)}});
  }
  if (!HasPlace()) return KeepUntold();
  Transaction transaction = *std::exchange(transaction_, std::nullopt);
  if (read_.form() == PositionForm::kFiles) {
    FUNDGATE_ASSIGN_OR_RETURN(transaction.step, options_.step_of(head_));
  }
  if (was_told_) return Remember(std::move(transaction), end);
  transaction.marks = Marks();
  switch (end) {
    case binlog::TransactionEnd::kRollback:
      transaction.events.Clear();
      break;
    case binlog::TransactionEnd::kXaPrepare:
      Keep(transaction);
      break;
    case binlog::TransactionEnd::kXaCommit:
      FUNDGATE_RETURN_IF_ERROR(TakeCommitted(transaction));
      break;
    case binlog::TransactionEnd::kXaRollback:
      if (prepared_.Take(head_.xa_id).has_value()) undecided_changed_ = true;
      break;
    case binlog::TransactionEnd::kCommit:
    case binlog::TransactionEnd::kCutOff:
      break;
  }
  GiveUpOld(transaction.committed_at);
  FUNDGATE_RETURN_IF_ERROR(CheckMayGoOn());
  const bool tells_untold = !untold_.empty();
  FUNDGATE_RETURN_IF_ERROR(AppendUnreadable(transaction));
  // Not before all of them are known again.
  if (undecided_changed_ && again_.is_over()) {
    transaction.undecided = prepared_.Before();
    undecided_changed_ = false;
  }
  if (!read_.Covers(transaction.step)) read_.Advance(transaction.step);
  ++counters_.transactions;
  // What says no time (the end of a partition) is no progress.
  if (transaction.committed_at > absl::UnixEpoch()) {
    counters_.committed_at = absl::ToUnixSeconds(transaction.committed_at);
  }
  counters_.events += transaction.events.count();
  FUNDGATE_RETURN_IF_ERROR(sink_(std::move(transaction)));
  if (tells_untold) options_.on_untold(false);
  return absl::OkStatus();
}

}  // namespace fundgate::feed
