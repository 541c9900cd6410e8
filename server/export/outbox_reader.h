// Carries alerts from the outbox to the sinks, at least once each, and never in the way of a
// verdict.
#ifndef SERVER_EXPORT_OUTBOX_READER_H_
#define SERVER_EXPORT_OUTBOX_READER_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "fundgate/v1/alerts.pb.h"
#include "server/export/sink.h"

namespace fundgate::exporting {

// An alert with its place in the outbox.
struct Waiting {
  std::string slot;
  v1::Alert alert;
};

// The outbox as its owner gives it. Any thread.
struct Outbox {
  // Everything that waits and is durable, the oldest first.
  std::function<absl::StatusOr<std::vector<Waiting>>()> list;
  // Each group that isn't resolved.
  std::function<absl::StatusOr<std::vector<v1::Alert>>()> open_groups;
  // These, by slot and id, have been taken by everybody. They leave the outbox later; not at all if
  // the process ends before that is durable.
  std::function<absl::Status(std::vector<std::pair<std::string, std::string>>)> delivered;
  // Hears how each attempt went.
  std::function<void(v1::DeliveryAttempt)> note;
};

struct ReaderOptions {
  absl::Duration shortest_wait = absl::Seconds(1);  // after the first failure; then twice as long
  absl::Duration longest_wait = absl::Seconds(30);
  absl::Duration look_every = absl::Seconds(5);  // without being woken
  absl::Duration say_again = absl::Seconds(10);  // that something is delivered, while it waits
};

// One thread a sink: one that is down or slow holds up no other one.
class OutboxReader {
 public:
  // Begins at once.
  OutboxReader(Outbox outbox, std::vector<std::unique_ptr<Sink>> sinks, ReaderOptions options);
  ~OutboxReader() { Stop(); }
  OutboxReader(const OutboxReader&) = delete;
  OutboxReader& operator=(const OutboxReader&) = delete;

  // The outbox has changed. Quick, from any thread.
  void Wake();

  // Ends the threads. What is under way may be delivered again by the next reader.
  void Stop();

 private:
  struct Worker {
    std::unique_ptr<Sink> sink;
    std::thread thread;
  };

  void Run(Sink& sink);
  // What waits for this sink. Forgets what waits no more.
  absl::StatusOr<std::vector<Waiting>> ListFor(const Sink& sink);
  bool IsFor(const Sink& sink, const v1::Alert& alert) const;
  // False if the sink is to be left alone for a while.
  bool TellAll(Sink& sink, const std::vector<Waiting>& waiting);
  bool Repeat(Sink& sink);
  void NoteTaken(const Sink& sink, const Waiting& waiting);
  void Note(const Sink& sink, const v1::Alert& alert, const absl::Status& status);
  void SayDelivered(const std::vector<Waiting>& waiting);
  void NoteHomeless(const std::vector<Waiting>& waiting);
  // Waits until something changed since `seen`, at most so long; true if stopping.
  bool Wait(absl::Duration longest, uint64_t& seen);

  const Outbox outbox_;
  const ReaderOptions options_;
  std::atomic<bool> stopping_{false};

  std::mutex mutex_;  // over all below
  std::condition_variable changed_;
  uint64_t changes_ = 0;
  std::map<std::string, std::set<const Sink*>> taken_;  // by alert
  std::map<std::string, absl::Time> said_;              // when it was said that it is delivered
  std::map<std::pair<std::string, std::string>, int64_t> attempts_;  // by alert and sink

  std::vector<Worker> workers_;  // last: everything above exists before they start
};

}  // namespace fundgate::exporting

#endif  // SERVER_EXPORT_OUTBOX_READER_H_
