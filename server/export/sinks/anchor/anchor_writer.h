// Signs where the journal stands, again and again, so that a rewritten tail shows.
#ifndef SERVER_EXPORT_SINKS_ANCHOR_ANCHOR_WRITER_H_
#define SERVER_EXPORT_SINKS_ANCHOR_ANCHOR_WRITER_H_

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "anchor/anchors.h"
#include "anchor/keys.h"
#include "server/export/sinks/anchor/anchor_sink.h"
#include "server/log/log.h"
#include "server/store/store.h"

namespace fundgate::exporting {

// When the next anchor is due: whichever comes first, if anything was recorded since.
struct AnchorRhythm {
  absl::Duration every = absl::Minutes(1);
  uint64_t records = 10'000;
};

// OK if the journal is what the anchors say that this key signed; FAILED_PRECONDITION with a
// sentence if it was rewritten or is cut short. Anchors of other keys are passed over.
absl::Status CheckAnchored(const store::View& view, anchor::Anchors anchors,
                           const anchor::PublicKey& key);

// For one sink. Only what is synced is anchored. Used by one thread.
class AnchorTurns {
 public:
  // `store` must outlive it.
  AnchorTurns(const store::Store& store, anchor::SigningKey key, std::unique_ptr<AnchorSink> sink,
              AnchorRhythm rhythm)
      : store_(store), key_(std::move(key)), sink_(std::move(sink)), rhythm_(rhythm) {}

  // Signs and keeps an anchor if one is due at `now`, or `at_once` if there is anything new. What
  // the sink or the store says: it is due again then.
  absl::Status Take(absl::Time now, bool at_once);

  AnchorSink& sink() const { return *sink_; }
  Sequence anchored() const { return anchored_; }

 private:
  const store::Store& store_;
  anchor::SigningKey key_;
  std::unique_ptr<AnchorSink> sink_;
  AnchorRhythm rhythm_;
  Sequence anchored_ = 0;  // since it began
  absl::Time anchored_at_ = absl::InfinitePast();
};

// Takes turns on a thread of its own, until it is destroyed; then a last one.
class AnchorWriter {
 public:
  AnchorWriter(AnchorTurns turns, logging::Log log);
  ~AnchorWriter();
  AnchorWriter(const AnchorWriter&) = delete;
  AnchorWriter& operator=(const AnchorWriter&) = delete;

 private:
  void Run();
  void Take(bool at_once);

  AnchorTurns turns_;
  const logging::Log log_;
  bool failing_ = false;  // the thread's

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace fundgate::exporting

#endif  // SERVER_EXPORT_SINKS_ANCHOR_ANCHOR_WRITER_H_
