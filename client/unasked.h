// What a client answers when it can't ask: by the gate's own matrix, and by leases of money.
#ifndef CLIENT_UNASKED_H_
#define CLIENT_UNASKED_H_

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/allow_journal.h"
#include "client/convert.h"
#include "fundgate/client.h"
#include "fundgate/v1/leases.grpc.pb.h"

namespace fundgate::client {

// Why the gate gave no answer.
enum class Silence { kUnreachable, kOverloaded };

// Takes leases and reports what was allowed, on a thread of its own, from Start to its destruction.
//
// Thread safety: all methods may be called from any threads at once. Answer() syncs a file when it
// allows something.
class Unasked {
 public:
  // INVALID_ARGUMENT for options that can't be; else what AllowJournal::Open says.
  static absl::StatusOr<std::unique_ptr<Unasked>> Start(const FailOpen& options,
                                                        std::unique_ptr<v1::Leases::Stub> gate);
  ~Unasked();

  // The answer to a check that was allowed here and isn't reported yet: the same ALLOW until it is
  // over, then HOLD; BLOCK for another movement under its key. The gate must not be asked about it.
  std::optional<Decision> AnswerUnreported(const v1::CheckRequest& check);

  // The answer to a check that the gate didn't answer; nothing where this knows no matrix for the
  // checkpoint yet. ALLOW only if the money is there, it stands on disk, and the gate didn't say
  // that something stops the checkpoint: then the lease is given up.
  std::optional<Decision> Answer(const v1::CheckRequest& check, Silence silence,
                                 const std::optional<Stop>& stop = std::nullopt);

  // A decision of the gate: where a breaker over everything, or over the whole checkpoint, denies,
  // its lease is given up.
  void Heard(const Decision& decision);

  // The gate's decision about what was allowed here: nothing if it never was, UNAVAILABLE while it
  // isn't reported.
  std::optional<absl::StatusOr<std::string>> DecisionIdOf(const MovementId& movement);

  // Of those that may be used now.
  std::map<MovementKind, LeaseLeft> LeasesLeft();

 private:
  struct Lease {
    v1::Lease terms;
    int64_t calls_left = 0;
    int64_t money_left = 0;  // minor units
    BootClock::time_point ends;
    BootClock::time_point taken;  // when it was asked for, and
    absl::Time gate_time;         // the gate's time then
  };
  struct Checkpoint {
    std::string name;
    std::vector<v1::UnaskedAnswer> answers;  // empty: never heard of
    absl::Duration valid_for;
    std::optional<Lease> lease;
    std::string ends;  // a lease that is used no more
    BootClock::time_point ask_at;
  };
  struct Allowed {
    v1::ReportAllowedRequest report;
    BootClock::time_point start_before;
    bool from_before = false;  // by an earlier process: nobody may start it any more
  };
  using Key = std::pair<std::string, std::string>;  // checkpoint, idempotency key

  Unasked(const FailOpen& options, std::unique_ptr<v1::Leases::Stub> gate)
      : options_(options), gate_(std::move(gate)) {}

  void TakeOver(const AllowJournal::Left& left);
  Decision Allow(Checkpoint& checkpoint, const v1::CheckRequest& check);
  std::string WhyNot(const Checkpoint& checkpoint, const v1::CheckRequest& check) const;
  static void GiveUp(Checkpoint& checkpoint);

  // The thread.
  void Run();
  absl::Duration Work();
  bool ReportOne();
  bool TakeLease(const std::string& name);
  void Granted(const std::string& name, const v1::TakeLeaseRequest& request,
               const v1::TakeLeaseResponse& response, BootClock::time_point asked);

  const FailOpen options_;
  const std::unique_ptr<v1::Leases::Stub> gate_;

  std::mutex mutex_;
  std::condition_variable wake_;  // with mutex_
  // Protected by mutex_:
  bool stop_ = false;
  std::unique_ptr<AllowJournal> journal_;
  std::map<std::string, Checkpoint> checkpoints_;
  std::map<Key, Allowed> unreported_;
  std::vector<Key> order_;                   // of unreported_, the oldest first
  std::map<Key, std::string> decision_ids_;  // of what was reported; the newest kMaxRemembered
  std::vector<Key> remembered_;

  std::thread thread_;
};

}  // namespace fundgate::client

#endif  // CLIENT_UNASKED_H_
