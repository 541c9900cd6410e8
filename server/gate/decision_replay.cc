#include "server/gate/decision_replay.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/core/decision.h"
#include "server/gate/convert_audit.h"
#include "server/gate/convert_values.h"
#include "server/gate/grpc_status.h"
#include "server/gate/policy_documents.h"
#include "server/gate/stream.h"
#include "server/gate/turn.h"
#include "server/store/replay.h"

namespace fundgate::gate {
namespace {

constexpr Sequence kSliceRecords = 4096;

// The journal's record of a decision. NOT_FOUND if it is none.
absl::StatusOr<store::JournalEntry> RecordOf(const store::View& view, const std::string& decision) {
  const std::optional<Sequence> sequence = core::SequenceOfDecision(decision);
  absl::StatusOr<store::JournalEntry> entry = absl::NotFoundError("");
  if (sequence.has_value()) entry = view.GetJournalEntry(*sequence);
  if (!entry.ok() && !absl::IsNotFound(entry.status())) return entry;
  const auto* answer = entry.ok() ? std::get_if<core::Decision>(&entry->answer) : nullptr;
  if (answer != nullptr && answer->id == decision) return entry;
  return absl::NotFoundError(absl::StrCat("the journal has no decision ", decision));
}

// One caller of ReplayDecision.
class DecisionReplay final : public Stream<grpc::ServerWriteReactor<v1::ReplayDecisionResponse>,
                                           v1::ReplayDecisionResponse> {
 public:
  DecisionReplay(const Backend& backend, std::atomic<bool>& running,
                 const v1::ReplayDecisionRequest& request)
      : backend_(backend),
        running_(running),
        decision_(request.decision_id()),
        view_(backend.store.view()) {}

 private:
  void Start() override FUNDGATE_REQUIRES(mutex_) {
    Problems problems;
    problems.Text("decision_id", decision_, 1, core::kMaxIdBytes);
    if (!problems.empty()) return End(InvalidArgument(problems));
    const absl::StatusOr<store::JournalEntry> record = RecordOf(*view_, decision_);
    if (!record.ok()) return End(ToGrpc(record.status()));
    const absl::StatusOr<store::JournalCut> cut = view_->GetJournalCut();
    if (!cut.ok()) return End(ToGrpc(cut.status()));
    if (const absl::Status can = store::Replay::CanBegin(*cut); !can.ok()) return End(ToGrpc(can));
    last_ = record->sequence;
    progress_.set_records_total(last_);
    recorded_ = ToTrace(*record).decision();
    if (std::optional<Turn> turn = Turn::Take(running_)) {
      turn_.emplace(*std::move(turn));
    } else {
      return End({grpc::StatusCode::RESOURCE_EXHAUSTED,
                  "another decision is being judged again; that keeps a copy of the state in "
                  "memory: try again when it has ended"});
    }
    ReadOn();
  }
  void AfterWrite() override FUNDGATE_REQUIRES(mutex_) { ReadOn(); }
  bool Busy() const override FUNDGATE_REQUIRES(mutex_) { return reading_; }
  void Finishing() override FUNDGATE_REQUIRES(mutex_) { turn_.reset(); }

  void ReadOn() FUNDGATE_REQUIRES(mutex_) {
    if (!turn_.has_value() || reading_ || ending() || queued() > 1) return;
    const auto self = std::static_pointer_cast<DecisionReplay>(shared_from_this());
    const absl::Status submitted = backend_.workers.Submit([self] { self->Read(); });
    if (!submitted.ok()) return End(ToGrpc(submitted));
    reading_ = true;
  }

  // On a worker. What it reads and writes belongs to it while `reading_`.
  void Read() {
    const absl::Status status = Advance();
    const sequencer::MutexLock lock(mutex_);
    reading_ = false;
    if (!status.ok()) {
      End(ToGrpc(status));
    } else {
      Send(progress_);
      if (progress_.done()) End(grpc::Status::OK);
    }
    ReadOn();
    Pump();
  }

  absl::Status Advance() {
    const Sequence first = progress_.records_done() + 1;
    absl::Status judged;
    absl::Status scanned = view_->ScanJournal(first, [&](const store::JournalEntry& entry) {
      judged = replay_.Apply(entry);
      if (!judged.ok()) return false;
      progress_.set_records_done(entry.sequence);
      if (entry.sequence == last_ || !replay_.difference().empty()) Conclude(entry);
      return !progress_.done() && entry.sequence - first + 1 < kSliceRecords;
    });
    return judged.ok() ? scanned : judged;
  }

  void Conclude(store::JournalEntry entry) {
    progress_.set_done(true);
    progress_.set_agrees(replay_.difference().empty());
    *progress_.mutable_recorded() = recorded_;
    if (!progress_.agrees()) {
      progress_.set_differing_sequence(entry.sequence);
      progress_.set_message(
          entry.sequence == last_
              ? replay_.difference()
              : absl::StrCat(replay_.difference(),
                             ", so that what rests on it can't be judged again; `fundgated "
                             "--verify` on a copy tells more"));
    }
    if (entry.sequence != last_ || !std::holds_alternative<core::Decision>(replay_.answer()))
      return;
    entry.answer = replay_.answer();
    *progress_.mutable_replayed() = ToTrace(entry).decision();
  }

  const Backend& backend_;
  std::atomic<bool>& running_;
  const std::string decision_;
  const std::shared_ptr<const store::View> view_;
  Sequence last_ = 0;
  v1::Decision recorded_;
  std::optional<Turn> turn_;
  store::Replay replay_{CompilePolicy};
  v1::ReplayDecisionResponse progress_;
  bool reading_ FUNDGATE_GUARDED_BY(mutex_) = false;
};

}  // namespace

grpc::ServerWriteReactor<v1::ReplayDecisionResponse>* OpenDecisionReplay(
    const Backend& backend, std::atomic<bool>& running, const v1::ReplayDecisionRequest& request) {
  return DecisionReplay::Open(std::make_shared<DecisionReplay>(backend, running, request),
                              backend.streams);
}

}  // namespace fundgate::gate
