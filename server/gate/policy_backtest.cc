#include "server/gate/policy_backtest.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "server/gate/convert_decision.h"
#include "server/gate/convert_values.h"
#include "server/gate/grpc_status.h"
#include "server/gate/policy_documents.h"
#include "server/gate/stream.h"
#include "server/gate/turn.h"
#include "server/store/backtest.h"
#include "server/store/replay.h"

namespace fundgate::gate {
namespace {

constexpr Sequence kSliceRecords = 4096;

v1::BacktestSum SumToProto(const store::BacktestSum& sum) {
  v1::BacktestSum proto;
  proto.set_movements(sum.movements);
  for (const auto& [currency, minor_units] : sum.minor_units) {
    *proto.add_amounts() = ToProto(Money{currency, minor_units});
  }
  return proto;
}

void Fill(const store::BacktestReport& report, v1::BacktestPolicyResponse& response) {
  *response.mutable_judged() = SumToProto(report.judged);
  *response.mutable_refused() = SumToProto(report.refused);
  for (const auto& [turn, turned] : report.turned) {
    v1::BacktestVerdictChange& change = *response.add_verdict_changes();
    change.set_checkpoint(turn.checkpoint.value());
    change.set_before(ToProto(turn.before));
    change.set_after(ToProto(turn.after));
    *change.mutable_sum() = SumToProto(turned.sum);
    change.mutable_decision_ids()->Add(turned.decision_ids.begin(), turned.decision_ids.end());
  }
  for (const auto& [name, reason] : report.reasons) {
    if (reason.before == reason.after) continue;
    v1::BacktestReasonChange& change = *response.add_reason_changes();
    change.set_code(ToProto(name.first));
    change.set_name(name.second);
    *change.mutable_before() = SumToProto(reason.before);
    *change.mutable_after() = SumToProto(reason.after);
  }
}

// One caller of BacktestPolicy.
class PolicyBacktest final : public Stream<grpc::ServerWriteReactor<v1::BacktestPolicyResponse>,
                                           v1::BacktestPolicyResponse> {
 public:
  PolicyBacktest(const Backend& backend, std::atomic<bool>& running,
                 v1::BacktestPolicyRequest request)
      : backend_(backend),
        running_(running),
        request_(std::move(request)),
        view_(backend.store.view()) {
    progress_.set_records_total(view_->resident().clock.sequence);
  }

 private:
  void Start() override FUNDGATE_REQUIRES(mutex_) {
    Problems problems;
    problems.Text("document", request_.document(), 1, kMaxDocumentBytes);
    problems.Text("file_name", request_.file_name(), 0, kMaxFileNameBytes);
    if (request_.has_from_time()) from_ = ToTime(request_.from_time(), "from_time", problems);
    if (request_.has_to_time()) to_ = ToTime(request_.to_time(), "to_time", problems);
    if (from_ >= to_) problems.Add("to_time", "must be later than from_time");
    if (!problems.empty()) return End(InvalidArgument(problems));
    const absl::StatusOr<store::JournalCut> cut = view_->GetJournalCut();
    if (!cut.ok()) return End(ToGrpc(cut.status()));
    if (const absl::Status can = store::Replay::CanBegin(*cut); !can.ok()) return End(ToGrpc(can));
    if (std::optional<Turn> turn = Turn::Take(running_)) {
      turn_.emplace(*std::move(turn));
    } else {
      return End({grpc::StatusCode::RESOURCE_EXHAUSTED,
                  "another backtest is running; it keeps a copy of the state in memory: try again "
                  "when it has ended"});
    }
    ReadOn();
  }
  void AfterWrite() override FUNDGATE_REQUIRES(mutex_) { ReadOn(); }
  bool Busy() const override FUNDGATE_REQUIRES(mutex_) { return reading_; }
  void Finishing() override FUNDGATE_REQUIRES(mutex_) { turn_.reset(); }

  void ReadOn() FUNDGATE_REQUIRES(mutex_) {
    if (!turn_.has_value() || reading_ || ending() || queued() > 1) return;
    const auto self = std::static_pointer_cast<PolicyBacktest>(shared_from_this());
    const absl::Status submitted = backend_.workers.Submit([self] { self->Read(); });
    if (!submitted.ok()) return End(ToGrpc(submitted));
    reading_ = true;
  }

  // On a worker. What it reads and writes belongs to it while `reading_`.
  void Read() {
    const grpc::Status status = Advance();
    const sequencer::MutexLock lock(mutex_);
    reading_ = false;
    if (!status.ok()) {
      End(status);
    } else {
      Send(progress_);
      if (progress_.done()) End(grpc::Status::OK);
    }
    ReadOn();
    Pump();
  }

  // The document first, then a slice of the journal each time.
  grpc::Status Advance() {
    if (!backtest_.has_value()) {
      PreparedPolicy prepared = PreparePolicy(request_.document(), request_.file_name());
      if (!prepared.problems.empty()) return InvalidArgument(AsFieldProblems(prepared.problems));
      backtest_.emplace(store::BacktestOptions{
          .compile_policy = CompilePolicy,
          .candidate_text = prepared.input.text,
          .candidate = prepared.input.policy,
          .from = from_,
      });
    }
    const Sequence first = next_;
    bool ended = true;
    absl::Status judged;
    absl::Status scanned = view_->ScanJournal(first, [&](const store::JournalEntry& entry) {
      if (entry.sequence > progress_.records_total() || entry.input.time >= to_) return false;
      if (entry.sequence - first >= kSliceRecords) return ended = false;
      judged = backtest_->Apply(entry);
      next_ = entry.sequence + 1;
      return judged.ok();
    });
    if (!judged.ok()) return ToGrpc(judged);
    if (!scanned.ok()) return ToGrpc(scanned);
    progress_.set_records_done(next_ - 1);
    if (!ended) return grpc::Status::OK;
    const absl::StatusOr<store::BacktestReport> report = backtest_->Finish();
    if (!report.ok()) return ToGrpc(report.status());
    progress_.set_done(true);
    Fill(*report, progress_);
    return grpc::Status::OK;
  }

  const Backend& backend_;
  std::atomic<bool>& running_;
  const v1::BacktestPolicyRequest request_;
  const std::shared_ptr<const store::View> view_;
  absl::Time from_ = absl::InfinitePast();
  absl::Time to_ = absl::InfiniteFuture();
  std::optional<Turn> turn_;
  std::optional<store::Backtest> backtest_;
  Sequence next_ = 1;
  v1::BacktestPolicyResponse progress_;
  bool reading_ FUNDGATE_GUARDED_BY(mutex_) = false;
};

}  // namespace

grpc::ServerWriteReactor<v1::BacktestPolicyResponse>* OpenPolicyBacktest(
    const Backend& backend, std::atomic<bool>& running, const v1::BacktestPolicyRequest& request) {
  return PolicyBacktest::Open(std::make_shared<PolicyBacktest>(backend, running, request),
                              backend.streams);
}

}  // namespace fundgate::gate
