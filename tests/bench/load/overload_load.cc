// Ten times as many checks as a gate may judge, as they come, whether earlier ones are answered or
// not. Starts a gate of its own and prints what became of the checks of each priority, how soon
// those were told that were refused, whether an operator got through, and the gate's memory; then
// kills the gate and verifies what it has left.
//
//   overload_load [SECONDS] [CAPACITY] [OFFERED]      60 seconds, 2000 and 20000 a second by
//   default
//
// Ends with 1 if less than 80 % of the capacity was judged in time, half of the refused heard of it
// after more than 5 ms, a tripped breaker took more than 5 s, or the store differs from its
// journal.
#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>
#include <sys/prctl.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "fundgate/v1/breakers.grpc.pb.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "tests/bench/load/histogram.h"
#include "tests/bench/load/plan.h"
#include "tests/end_to_end/processes.h"
#include "tests/gate/test_feeder.h"

namespace fundgate::bench {
namespace {

using end_to_end::GateProcess;
using end_to_end::TemporaryFolder;
using gate::testing::TestFeeder;

constexpr std::array<const char*, 3> kCheckpoints = {"cash_out", "settlement", "refund"};
constexpr std::chrono::seconds kPatience{1};  // of a caller: what comes later isn't in time
constexpr size_t kConnections = 4;
constexpr size_t kMostCalls = 100'000;

// Of one checkpoint.
struct Outcomes {
  uint64_t asked = 0;
  uint64_t allowed = 0;
  uint64_t other_verdicts = 0;
  uint64_t refused = 0;
  uint64_t late = 0;    // the caller waited no longer
  uint64_t failed = 0;  // anything else
  Histogram judged_after;
  Histogram refused_after;
};

// Kibibytes of the process: "VmRSS:" or "VmHWM:".
int64_t MemoryOf(pid_t process, const std::string& which) {
  std::ifstream status(absl::StrCat("/proc/", process, "/status"));
  for (std::string word; status >> word;) {
    int64_t kib = 0;
    if (word == which && status >> kib) return kib;
  }
  return 0;
}

// Asks on this thread as checks should come, hears on another.
class Load {
 public:
  Load(const std::string& address, double rate, std::chrono::seconds length)
      : rate_(rate), length_(length) {
    for (size_t i = 0; i < kConnections; ++i) {
      grpc::ChannelArguments arguments;
      arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
      stubs_.push_back(v1::Gate::NewStub(
          grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)));
    }
  }

  void Run() {
    std::thread hearer([this] { Hear(); });
    Arrivals arrivals(rate_, /*seed=*/1);
    const Clock::time_point end = Clock::now() + length_;
    for (; arrivals.next() < end; arrivals.Advance()) {
      WaitUntil(arrivals.next());
      Ask(arrivals.next());
    }
    all_asked_ = true;
    // So that the other thread looks once more.
    alarm_.Set(&queue_, std::chrono::system_clock::now(), nullptr);
    hearer.join();
  }

  const std::array<Outcomes, kCheckpoints.size()>& outcomes() const { return outcomes_; }
  uint64_t never_sent() const { return never_sent_; }

 private:
  struct Call {
    size_t checkpoint = 0;
    Clock::time_point asked;
    grpc::ClientContext context;
    v1::Decision decision;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<v1::Decision>> reader;
  };

  void WaitUntil(Clock::time_point moment) {
    std::unique_lock<std::mutex> lock(arrival_mutex_);
    while (Clock::now() < moment) arrival_.wait_until(lock, moment);
  }

  void Ask(Clock::time_point asked) {
    if (under_way_ >= kMostCalls) {
      ++never_sent_;
      return;
    }
    auto call = std::make_unique<Call>();
    const uint64_t number = ++keys_;
    call->checkpoint = number % kCheckpoints.size();
    call->asked = asked;
    call->context.set_deadline(std::chrono::system_clock::now() + kPatience);
    v1::CheckRequest request;
    request.set_checkpoint(kCheckpoints[call->checkpoint]);
    request.set_idempotency_key(absl::StrCat("k", number));
    request.set_account_id("m1");
    request.set_order_id("o1");
    request.mutable_amount()->set_currency_code("CNY");
    request.mutable_amount()->set_minor_units(1);
    ++under_way_;
    v1::Gate::Stub& stub = *stubs_[number % stubs_.size()];
    call->reader = stub.AsyncCheck(&call->context, request, &queue_);
    call->reader->Finish(&call->decision, &call->status, call.get());
    call.release();  // Hear takes it back
  }

  void Hear() {
    void* tag = nullptr;
    bool ok = false;
    while (!(all_asked_ && under_way_ == 0) && queue_.Next(&tag, &ok)) {
      if (tag == nullptr) continue;
      const std::unique_ptr<Call> call(static_cast<Call*>(tag));
      --under_way_;
      Heard(*call);
    }
    queue_.Shutdown();
    while (queue_.Next(&tag, &ok)) {
    }
  }

  void Heard(const Call& call) {
    Outcomes& outcomes = outcomes_[call.checkpoint];
    ++outcomes.asked;
    const int64_t took = (Clock::now() - call.asked).count();
    switch (call.status.error_code()) {
      case grpc::StatusCode::OK:
        outcomes.judged_after.Add(took);
        ++(call.decision.verdict() == v1::VERDICT_ALLOW ? outcomes.allowed
                                                        : outcomes.other_verdicts);
        break;
      case grpc::StatusCode::RESOURCE_EXHAUSTED:
        outcomes.refused_after.Add(took);
        ++outcomes.refused;
        break;
      case grpc::StatusCode::DEADLINE_EXCEEDED:
        ++outcomes.late;
        break;
      default:
        ++outcomes.failed;
    }
  }

  const double rate_;
  const std::chrono::seconds length_;
  std::vector<std::unique_ptr<v1::Gate::Stub>> stubs_;
  grpc::CompletionQueue queue_;
  grpc::Alarm alarm_;
  std::mutex arrival_mutex_;
  std::condition_variable arrival_;  // nobody notifies: it waits for the time
  uint64_t keys_ = 0;
  uint64_t never_sent_ = 0;
  std::atomic<size_t> under_way_{0};
  std::atomic<bool> all_asked_{false};
  std::array<Outcomes, kCheckpoints.size()> outcomes_;  // the hearing thread's
};

// Proves the source all the time, as a sidecar does, and lets an operator trip a breaker and reset
// it again every second.
class Others {
 public:
  explicit Others(const std::string& address)
      : channel_(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())),
        feeder_(channel_, "ledger"),
        breakers_(v1::Breakers::NewStub(channel_)) {
    feeder_.Happened("payment", "p", "o1", int64_t{1} << 60);
  }

  void Begin() {
    thread_ = std::thread([this] { Run(); });
  }
  void End() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  const Histogram& tripped_after() const { return tripped_after_; }
  uint64_t failures() const { return failures_; }

 private:
  void Run() {
    while (!Ended()) {
      feeder_.Probe();
      const Clock::time_point begun = Clock::now();
      v1::TripBreakerRequest trip;
      trip.set_scope("refund/account:somebody");
      trip.set_mode(v1::VERDICT_HOLD);
      trip.set_actor("ann");
      trip.set_reason("a test");
      grpc::ClientContext tripping;
      v1::TripBreakerResponse tripped;
      if (!breakers_->TripBreaker(&tripping, trip, &tripped).ok()) ++failures_;
      tripped_after_.Add((Clock::now() - begun).count());
      v1::ResetBreakerRequest reset;
      reset.set_scope(trip.scope());
      reset.set_actor("ann");
      reset.set_reason("a test");
      grpc::ClientContext resetting;
      v1::ResetBreakerResponse was_reset;
      if (!breakers_->ResetBreaker(&resetting, reset, &was_reset).ok()) ++failures_;
    }
  }

  bool Ended() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(1), [this] { return ended_; });
    return ended_;
  }

  const std::shared_ptr<grpc::Channel> channel_;
  TestFeeder feeder_;
  const std::unique_ptr<v1::Breakers::Stub> breakers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  Histogram tripped_after_;
  uint64_t failures_ = 0;
  std::thread thread_;
};

double Millis(const Histogram& histogram, double share) {
  return static_cast<double>(histogram.At(share)) / 1e6;
}

struct Wish {
  int64_t seconds = 60;
  int64_t capacity = 2000;
  int64_t offered = 20'000;
};

bool Report(const Wish& wish, const Load& load, const Others& others) {
  Outcomes all;
  std::cout << absl::StrFormat("%-12s %9s %9s %7s %9s %7s %7s %12s %12s\n", "checkpoint", "asked",
                               "allowed", "other", "refused", "late", "failed", "judged p50",
                               "refused p50");
  for (size_t i = 0; i < kCheckpoints.size(); ++i) {
    const Outcomes& of = load.outcomes()[i];
    std::cout << absl::StrFormat("%-12s %9d %9d %7d %9d %7d %7d %9.1f ms %9.1f ms\n",
                                 kCheckpoints[i], of.asked, of.allowed, of.other_verdicts,
                                 of.refused, of.late, of.failed, Millis(of.judged_after, 0.5),
                                 Millis(of.refused_after, 0.5));
    all.asked += of.asked;
    all.allowed += of.allowed + of.other_verdicts;
    all.late += of.late;
    all.failed += of.failed;
    all.judged_after.Merge(of.judged_after);
    all.refused_after.Merge(of.refused_after);
  }
  const double seconds = static_cast<double>(wish.seconds);
  const double goodput = static_cast<double>(all.allowed) / seconds;
  const double share = goodput / static_cast<double>(wish.capacity);
  std::cout << absl::StrFormat(
      "asked %.0f/s, of which %d could not be sent; judged %.0f/s, %.1f %% of the capacity; judged "
      "p50 %.1f p99 %.1f ms; refused p50 %.1f p99 %.1f ms\n",
      static_cast<double>(all.asked) / seconds, load.never_sent(), goodput, 100 * share,
      Millis(all.judged_after, 0.5), Millis(all.judged_after, 0.99), Millis(all.refused_after, 0.5),
      Millis(all.refused_after, 0.99));
  std::cout << absl::StrFormat(
      "an operator tripped a breaker %d times: p50 %.1f max %.1f ms, %d failures\n",
      others.tripped_after().count(), Millis(others.tripped_after(), 0.5),
      Millis(others.tripped_after(), 1), others.failures());
  return share >= 0.8 && Millis(all.refused_after, 0.5) <= 5 && all.failed == 0 &&
         others.failures() == 0 && Millis(others.tripped_after(), 1) <= 5000;
}

int Main(const Wish& wish) {
  // Timers to the point: the default adds up to 50 us to every wait for the next arrival.
  prctl(PR_SET_TIMERSLACK, 1);
  const TemporaryFolder folder;
  GateProcess gate(folder.path(), {"--capacity", absl::StrCat(wish.capacity), "--policy",
                                   FUNDGATE_SOURCE_DIR "/tests/end_to_end/overload_policy.yaml"});
  const pid_t process = gate.process().id();
  bool is_well = false;
  {
    Others others(gate.address());
    Load load(gate.address(), static_cast<double>(wish.offered),
              std::chrono::seconds(wish.seconds));
    const int64_t before = MemoryOf(process, "VmRSS:");
    others.Begin();
    load.Run();
    others.End();
    is_well = Report(wish, load, others);
    std::cout << absl::StrFormat("the gate's memory: %d MiB before, %d after, %d at most\n",
                                 before / 1024, MemoryOf(process, "VmRSS:") / 1024,
                                 MemoryOf(process, "VmHWM:") / 1024)
              << std::flush;
  }
  gate.process().Signal(SIGKILL);
  gate.process().Wait();
  const int differs = end_to_end::Verify(folder.path());
  std::cout << "fundgated --verify: " << (differs == 0 ? "agrees" : "differs") << "\n";
  return is_well && differs == 0 ? 0 : 1;
}

}  // namespace
}  // namespace fundgate::bench

int main(int argc, char** argv) {
  fundgate::bench::Wish wish;
  int64_t* const numbers[] = {&wish.seconds, &wish.capacity, &wish.offered};
  for (int i = 1; i < argc; ++i) {
    if (i > 3 || !absl::SimpleAtoi(argv[i], numbers[i - 1]) || *numbers[i - 1] < 1) {
      std::cerr << "usage: overload_load [SECONDS] [CAPACITY] [OFFERED]\n";
      return 2;
    }
  }
  return fundgate::bench::Main(wish);
}
