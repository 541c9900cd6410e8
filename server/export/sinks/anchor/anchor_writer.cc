#include "server/export/sinks/anchor/anchor_writer.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "fundgate/types/status_macros.h"
#include "google/protobuf/util/time_util.h"

namespace fundgate::exporting {
namespace {

// How often it is looked whether one is due.
constexpr std::chrono::milliseconds kLookEvery(200);

}  // namespace

absl::Status CheckAnchored(const store::View& view, anchor::Anchors anchors,
                           const anchor::PublicKey& key) {
  (void)anchors.KeepSignedBy({key});
  const Sequence newest = view.resident().clock.sequence;
  FUNDGATE_ASSIGN_OR_RETURN(const store::JournalCut cut, view.GetJournalCut());
  anchors.BeginsAt(cut.first);
  if (cut.exists()) {
    anchors.Found(1, cut.origin_hash);
    anchors.Found(cut.first - 1, cut.before_hash);
  }
  for (const Sequence place : anchors.Places()) {
    if (place > newest) break;
    if (place < cut.first) continue;
    FUNDGATE_ASSIGN_OR_RETURN(const store::JournalEntry entry, view.GetJournalEntry(place));
    anchors.Found(place, entry.hash);
  }
  const anchor::Comparison compared = anchors.Conclude(newest, /*whole=*/true);
  if (compared.sound()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the journal is not what was anchored: ", compared.problem,
                   ". Keep the folder and the anchors for the inquiry. If a backup was restored on "
                   "purpose, move "
                   "the file of anchors away"));
}

absl::Status AnchorTurns::Take(absl::Time now, bool at_once) {
  const std::shared_ptr<const store::View> view = store_.view();
  const Sequence newest = view->resident().clock.sequence;
  const bool due =
      at_once || now - anchored_at_ >= rhythm_.every || newest - anchored_ >= rhythm_.records;
  if (newest == anchored_ || !due) return absl::OkStatus();
  v1::JournalAnchor anchor;
  FUNDGATE_ASSIGN_OR_RETURN(const store::JournalCut cut, view->GetJournalCut());
  FUNDGATE_ASSIGN_OR_RETURN(const store::JournalEntry last, view->GetJournalEntry(newest));
  if (cut.exists()) {
    anchor.set_journal(cut.origin_hash);
  } else {
    FUNDGATE_ASSIGN_OR_RETURN(const store::JournalEntry first, view->GetJournalEntry(1));
    anchor.set_journal(first.hash);
  }
  anchor.set_sequence(newest);
  anchor.set_hash(last.hash);
  *anchor.mutable_time() =
      google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(now));
  FUNDGATE_RETURN_IF_ERROR(key_.Sign(anchor));
  FUNDGATE_RETURN_IF_ERROR(sink_->Keep(anchor));
  anchored_ = newest;
  anchored_at_ = now;
  return absl::OkStatus();
}

AnchorWriter::AnchorWriter(AnchorTurns turns, logging::Log log)
    : turns_(std::move(turns)), log_(std::move(log)), thread_([this] { Run(); }) {}

AnchorWriter::~AnchorWriter() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void AnchorWriter::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    Take(/*at_once=*/false);
    lock.lock();
    changed_.wait_for(lock, kLookEvery, [this] { return stopping_; });
  }
  lock.unlock();
  Take(/*at_once=*/true);
}

// Says once that it fails, and once that it does no more.
void AnchorWriter::Take(bool at_once) {
  const absl::Status taken = turns_.Take(absl::Now(), at_once);
  if (taken.ok() != failing_) return;
  failing_ = !taken.ok();
  if (failing_) {
    log_.Warning("anchors can't be kept; it is tried again and again",
                 {{"receiver", turns_.sink().name()}, {"reason", std::string(taken.message())}});
  } else {
    log_.Info("anchors are kept again", {{"receiver", turns_.sink().name()}});
  }
}

}  // namespace fundgate::exporting
