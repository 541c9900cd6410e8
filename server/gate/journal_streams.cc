#include "server/gate/journal_streams.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/breaker_scope.h"
#include "server/core/decision.h"
#include "server/gate/convert_audit.h"
#include "server/gate/convert_values.h"
#include "server/gate/grpc_status.h"
#include "server/gate/stream.h"
#include "server/gate/trace_filter.h"

namespace fundgate::gate {
namespace {

// What one slice may hold: bounds how long a worker is busy, and the memory of a slow reader.
constexpr size_t kSliceTraces = 256;
constexpr Sequence kSliceRecords = 4096;
// Records whose hashes a check of the chain tells: a bound of the contract.
constexpr int kMaxPlaces = 100'000;
// A new slice is read once so few traces of the old ones are unwritten.
constexpr size_t kLowWater = 64;

Problems ProblemsOf(const v1::TraceFilter& filter) {
  Problems problems;
  if (filter.has_from_time()) ToTime(filter.from_time(), "filter.from_time", problems);
  if (filter.has_to_time()) ToTime(filter.to_time(), "filter.to_time", problems);
  if (!filter.decision_id().empty() &&
      !core::SequenceOfDecision(filter.decision_id()).has_value()) {
    problems.Add("filter.decision_id", "is no decision's name");
  }
  problems.Text("filter.reason_name", filter.reason_name(), 0, core::kMaxScopeBytes);
  return problems;
}

Problems ProblemsOf(const v1::VerifyJournalRequest& request) {
  Problems problems;
  if (request.places_size() > kMaxPlaces) problems.Add("places", "must be at most 100000");
  if (!std::is_sorted(request.places().begin(), request.places().end())) {
    problems.Add("places", "must be in ascending order");
  }
  return problems;
}

}  // namespace

// One caller of ExportTraces. At any time it reads a slice (`reading_`), waits for its caller to
// read, or, following, waits for the journal to grow.
class TraceExport final : public Stream<grpc::ServerWriteReactor<v1::Trace>, v1::Trace> {
 public:
  TraceExport(const Backend& backend, Sight sight, const v1::ExportTracesRequest& request)
      : backend_(backend),
        masks_first_(sight == Sight::kMasked && !request.filter().reason_name().empty()),
        filter_(request.filter()),
        follow_(request.follow()),
        left_(request.limit() == 0 ? UINT64_MAX : request.limit()),
        next_(std::max<Sequence>(filter_.from_sequence(), 1)),
        end_(filter_.to_sequence() == 0 ? UINT64_MAX : filter_.to_sequence()) {
    // A decision names its record.
    const std::optional<Sequence> only = core::SequenceOfDecision(filter_.decision_id());
    if (only.has_value()) {
      next_ = std::max(next_, *only);
      end_ = std::min(end_, *only + 1);
    }
  }

  void Grown(Sequence newest) {
    const auto self = shared_from_this();
    const sequencer::MutexLock lock(mutex_);
    heard_ = std::max(heard_, newest);
    ReadOn();
  }

 private:
  struct Slice {
    std::vector<v1::Trace> traces;
    Sequence next = 0;  // the record after the last one read
    bool journal_ended = false;
    absl::Status status;
  };

  void Start() override FUNDGATE_REQUIRES(mutex_) {
    const Problems problems = ProblemsOf(filter_);
    started_ = true;
    if (!problems.empty()) return End(InvalidArgument(problems));
    ReadOn();
  }

  void AfterWrite() override FUNDGATE_REQUIRES(mutex_) { ReadOn(); }

  bool Busy() const override FUNDGATE_REQUIRES(mutex_) { return reading_; }

  void ReadOn() FUNDGATE_REQUIRES(mutex_) {
    if (!started_ || reading_ || ending() || queued() > kLowWater) return;
    if (next_ >= end_ || left_ == 0) return End(grpc::Status::OK);
    if (at_end_ && heard_ < next_) return;
    const auto self = std::static_pointer_cast<TraceExport>(shared_from_this());
    const absl::Status submitted =
        backend_.workers.Submit([self, next = next_, left = left_] { self->Read(next, left); });
    if (!submitted.ok()) return End(ToGrpc(submitted));
    reading_ = true;
  }

  // On a worker, without the lock.
  void Read(Sequence first, uint64_t left) {
    Slice slice = ReadSlice(first, left);
    const sequencer::MutexLock lock(mutex_);
    reading_ = false;
    next_ = slice.next;
    at_end_ = slice.journal_ended;
    left_ -= slice.traces.size();
    for (v1::Trace& trace : slice.traces) Send(std::move(trace));
    if (!slice.status.ok()) {
      End(ToGrpc(slice.status));
    } else if (slice.journal_ended && !follow_) {
      End(grpc::Status::OK);
    }
    ReadOn();
    Pump();
  }

  Slice ReadSlice(Sequence first, uint64_t left) const {
    Slice slice;
    slice.next = first;
    slice.journal_ended = true;
    const std::shared_ptr<const store::View> view = backend_.store.view();
    const absl::StatusOr<store::JournalCut> cut = view->GetJournalCut();
    slice.status = cut.status();
    if (!cut.ok()) return slice;
    // What was dropped isn't waited for.
    first = std::max(first, cut->first);
    slice.next = first;
    slice.status = view->ScanJournal(first, [&](const store::JournalEntry& entry) {
      if (entry.sequence >= end_ || slice.traces.size() >= std::min<uint64_t>(left, kSliceTraces) ||
          entry.sequence - first >= kSliceRecords) {
        slice.journal_ended = false;
        return false;
      }
      v1::Trace trace = ToTrace(entry);
      if (masks_first_) backend_.masking.Mask(trace);
      if (Passes(entry, trace, filter_)) slice.traces.push_back(std::move(trace));
      slice.next = entry.sequence + 1;
      return true;
    });
    return slice;
  }

  const Backend& backend_;
  // A reason's name may hold a value: who sees masks finds it by its mask, and by nothing else.
  const bool masks_first_;
  const v1::TraceFilter filter_;
  const bool follow_;
  uint64_t left_ FUNDGATE_GUARDED_BY(mutex_);
  Sequence next_ FUNDGATE_GUARDED_BY(mutex_);
  Sequence end_;
  Sequence heard_ FUNDGATE_GUARDED_BY(mutex_) = 0;   // the journal has grown so far
  bool at_end_ FUNDGATE_GUARDED_BY(mutex_) = false;  // as the last slice found it
  bool started_ FUNDGATE_GUARDED_BY(mutex_) = false;
  bool reading_ FUNDGATE_GUARDED_BY(mutex_) = false;
};

namespace {

// One caller of VerifyJournal: an answer after each slice.
class JournalCheck final : public Stream<grpc::ServerWriteReactor<v1::VerifyJournalResponse>,
                                         v1::VerifyJournalResponse> {
 public:
  JournalCheck(const Backend& backend, const v1::VerifyJournalRequest& request)
      : backend_(backend),
        request_(request),
        view_(backend.store.view()),
        next_(std::max<Sequence>(request.from_sequence(), 1)),
        end_(std::min(request.to_sequence() == 0 ? UINT64_MAX : request.to_sequence(),
                      view_->resident().clock.sequence + 1)) {
    progress_.set_sound(true);
  }

 private:
  void Start() override FUNDGATE_REQUIRES(mutex_) {
    const Problems problems = ProblemsOf(request_);
    if (!problems.empty()) return End(InvalidArgument(problems));
    const absl::StatusOr<store::JournalCut> cut = view_->GetJournalCut();
    if (!cut.ok()) return End(ToGrpc(cut.status()));
    if (cut->exists()) BeginAt(*cut);
    ReadOn();
  }
  void AfterWrite() override FUNDGATE_REQUIRES(mutex_) { ReadOn(); }
  bool Busy() const override FUNDGATE_REQUIRES(mutex_) { return reading_; }

  // Two of the dropped records' hashes are kept: told if they are asked for.
  void BeginAt(const store::JournalCut& cut) {
    *progress_.mutable_cut() = ToProto(cut);
    next_ = std::max(next_, cut.first);
    for (const uint64_t wanted : request_.places()) {
      if (wanted >= cut.first) break;
      if (wanted != 1 && wanted != cut.first - 1) continue;
      v1::JournalPlace& place = *kept_places_.Add();
      place.set_sequence(wanted);
      place.set_hash(wanted == cut.first - 1 ? cut.before_hash : cut.origin_hash);
    }
  }

  void ReadOn() FUNDGATE_REQUIRES(mutex_) {
    if (reading_ || ending() || queued() > 1) return;
    const auto self = std::static_pointer_cast<JournalCheck>(shared_from_this());
    const absl::Status submitted = backend_.workers.Submit([self] { self->Read(); });
    if (!submitted.ok()) return End(ToGrpc(submitted));
    reading_ = true;
  }

  // On a worker. What it reads and writes belongs to it while `reading_`.
  void Read() {
    const Sequence first = next_;
    progress_.mutable_places()->Swap(&kept_places_);
    kept_places_.Clear();
    const absl::Status status = view_->ScanJournal(first, [&](const store::JournalEntry& entry) {
      if (entry.sequence >= end_ || entry.sequence - first >= kSliceRecords) return false;
      progress_.set_records_checked(progress_.records_checked() + 1);
      progress_.set_last_sequence(entry.sequence);
      progress_.set_last_hash(entry.hash);
      NotePlace(entry);
      next_ = entry.sequence + 1;
      return true;
    });
    if (absl::IsDataLoss(status)) {
      progress_.set_sound(false);
      progress_.set_damaged_sequence(next_);
      progress_.set_message(absl::StrCat(status.message(),
                                         "; stop the gate, keep its directory for inspection, and "
                                         "restore a backup"));
    }
    progress_.set_done(absl::IsDataLoss(status) || next_ >= end_ || next_ == first);
    const sequencer::MutexLock lock(mutex_);
    reading_ = false;
    if (!status.ok() && !absl::IsDataLoss(status)) {
      End(ToGrpc(status));
    } else {
      Send(progress_);
      if (progress_.done()) End(grpc::Status::OK);
    }
    ReadOn();
    Pump();
  }

  void NotePlace(const store::JournalEntry& entry) {
    const auto& wanted = request_.places();
    while (place_ < wanted.size() && wanted[place_] < entry.sequence) ++place_;
    if (place_ == wanted.size() || wanted[place_] != entry.sequence) return;
    v1::JournalPlace& place = *progress_.add_places();
    place.set_sequence(entry.sequence);
    place.set_hash(entry.hash);
  }

  const Backend& backend_;
  const v1::VerifyJournalRequest request_;
  const std::shared_ptr<const store::View> view_;
  Sequence next_;
  const Sequence end_;
  google::protobuf::RepeatedPtrField<v1::JournalPlace> kept_places_;  // told with the first answer
  int place_ = 0;  // of the request's, the first that isn't passed yet
  v1::VerifyJournalResponse progress_;
  bool reading_ FUNDGATE_GUARDED_BY(mutex_) = false;
};

}  // namespace

void JournalFollowers::Add(std::weak_ptr<TraceExport> follower) {
  const sequencer::MutexLock lock(mutex_);
  followers_.push_back(std::move(follower));
}

void JournalFollowers::Grown(Sequence newest) {
  const sequencer::MutexLock lock(mutex_);
  std::erase_if(followers_, [newest](const std::weak_ptr<TraceExport>& open) {
    const std::shared_ptr<TraceExport> follower = open.lock();
    if (follower != nullptr) follower->Grown(newest);
    return follower == nullptr;
  });
}

grpc::ServerWriteReactor<v1::Trace>* OpenTraceExport(const Backend& backend, Sight sight,
                                                     JournalFollowers& followers,
                                                     const v1::ExportTracesRequest& request) {
  const auto stream = std::make_shared<TraceExport>(backend, sight, request);
  // First this, so that it misses no record that comes while it reads the others.
  if (request.follow()) followers.Add(stream);
  return TraceExport::Open(stream, backend.streams);
}

grpc::ServerWriteReactor<v1::VerifyJournalResponse>* OpenJournalCheck(
    const Backend& backend, const v1::VerifyJournalRequest& request) {
  return JournalCheck::Open(std::make_shared<JournalCheck>(backend, request), backend.streams);
}

}  // namespace fundgate::gate
