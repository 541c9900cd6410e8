// Ten times as many checks as a gate may judge, as they come, whether earlier ones are answered or
// not. Starts a gate of its own and prints what became of the checks of each priority, how soon
// those were told that were refused, whether an operator got through, and the gate's memory; then
// kills the gate and verifies what it has left.
//
//   overload_load [SECONDS] [CAPACITY] [OFFERED]      60 seconds, 2000 and 20000 a second by
//   default
//
// Ends with 1 if less than 80 % of the capacity was judged in time, half of the refused heard of it
// after more than 5 ms, a tripped breaker took more than 5 s, the gate had more than 512 MiB of
// memory at any time, or the store differs from its journal.
#include <grpcpp/grpcpp.h>
#include <poll.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
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

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/v1/breakers.grpc.pb.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "tests/bench/load/histogram.h"
#include "tests/bench/load/http2_calls.h"
#include "tests/bench/load/plan.h"
#include "tests/end_to_end/processes.h"
#include "tests/gate/test_feeder.h"
#include "tests/places/places.h"

namespace fundgate::bench {
namespace {

using end_to_end::GateProcess;
using end_to_end::TemporaryFolder;
using gate::testing::TestFeeder;

constexpr std::array<const char*, 3> kCheckpoints = {"cash_out", "settlement", "refund"};
constexpr std::chrono::seconds kPatience{1};  // of a caller: what comes later isn't in time
constexpr size_t kConnections = 4;
// Those who come within it are asked for together, as packets of many callers reach a gate. The
// load shares the machine with the gate it loads: waking up for every single check would take from
// the gate what it is measured for. Answers count from when each check should have been asked.
constexpr std::chrono::milliseconds kTogether{1};
constexpr std::chrono::seconds kLastWait{5};
// What the gate may ever have, in MiB: no more than gRPC alone may take of it (its quota). It needs
// a quarter of that where the processor suffices, and was seen with 318 beside builds, where calls
// wait within gRPC.
constexpr int64_t kPeakMibMax = 512;

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

// Asks as checks should come, on one thread, which hears the answers, too.
class Load {
 public:
  Load(const std::string& address, double rate, std::chrono::seconds length)
      : address_(address), rate_(rate), length_(length) {}

  // Until all are answered, or kLastWait after the last was asked.
  absl::Status Run() {
    for (size_t i = 0; i < kConnections; ++i) {
      FUNDGATE_ASSIGN_OR_RETURN(std::unique_ptr<Http2Calls> connection,
                                Http2Calls::Connect(address_, "/fundgate.v1.Gate/Check",
                                                    [this](uint64_t tag, const Http2Reply& reply) {
                                                      Heard(tag, reply);
                                                    }));
      connections_.push_back(std::move(connection));
    }
    Arrivals arrivals(rate_, /*seed=*/1);
    const Clock::time_point end = Clock::now() + length_;
    while (arrivals.next() < end) {
      for (const Clock::time_point now = Clock::now();
           arrivals.next() <= now && arrivals.next() < end; arrivals.Advance()) {
        FUNDGATE_RETURN_IF_ERROR(Ask(arrivals.next()));
      }
      FUNDGATE_RETURN_IF_ERROR(SendAndHear(std::min(arrivals.next(), end) + kTogether));
    }
    const Clock::time_point last = Clock::now() + kLastWait;
    while (!under_way_.empty() && Clock::now() < last) {
      FUNDGATE_RETURN_IF_ERROR(SendAndHear(Clock::now() + kTogether));
    }
    return absl::OkStatus();
  }

  const std::array<Outcomes, kCheckpoints.size()>& outcomes() const { return outcomes_; }
  uint64_t unanswered() const { return under_way_.size(); }

 private:
  absl::Status Ask(Clock::time_point asked) {
    const uint64_t number = ++keys_;
    const size_t checkpoint = number % kCheckpoints.size();
    v1::CheckRequest request;
    request.set_checkpoint(kCheckpoints[checkpoint]);
    request.set_idempotency_key(absl::StrCat("k", number));
    request.set_account_id("m1");
    request.set_order_id("o1");
    request.mutable_amount()->set_currency_code("CNY");
    request.mutable_amount()->set_minor_units(1);
    ++outcomes_[checkpoint].asked;
    under_way_.emplace(number, asked);
    return connections_[number % connections_.size()]->Ask(number, request.SerializeAsString(),
                                                           kPatience);
  }

  // Sends what was asked and hears what comes until `moment`.
  absl::Status SendAndHear(Clock::time_point moment) {
    while (true) {
      std::array<pollfd, kConnections> waits{};
      for (size_t i = 0; i < kConnections; ++i) {
        FUNDGATE_RETURN_IF_ERROR(connections_[i]->Send());
        const int writing = connections_[i]->has_unsent() ? POLLOUT : 0;
        waits[i] = {connections_[i]->socket(), static_cast<int16_t>(POLLIN | writing), 0};
      }
      const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(moment - Clock::now());
      if (left.count() <= 0) return absl::OkStatus();
      const timespec timeout{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
      if (ppoll(waits.data(), waits.size(), &timeout, nullptr) <= 0) continue;
      for (size_t i = 0; i < kConnections; ++i) {
        if (waits[i].revents != 0) FUNDGATE_RETURN_IF_ERROR(connections_[i]->Receive());
      }
    }
  }

  void Heard(uint64_t number, const Http2Reply& reply) {
    const auto call = under_way_.find(number);
    if (call == under_way_.end()) return;
    const Clock::duration took = Clock::now() - call->second;
    under_way_.erase(call);
    Outcomes& outcomes = outcomes_[number % kCheckpoints.size()];
    v1::Decision decision;
    switch (reply.grpc_status) {
      case grpc::StatusCode::OK:
        if (!decision.ParseFromString(reply.message)) {
          ++outcomes.failed;
        } else if (took > kPatience) {
          ++outcomes.late;
        } else {
          outcomes.judged_after.Add(took.count());
          ++(decision.verdict() == v1::VERDICT_ALLOW ? outcomes.allowed : outcomes.other_verdicts);
        }
        break;
      case grpc::StatusCode::RESOURCE_EXHAUSTED:
        outcomes.refused_after.Add(took.count());
        ++outcomes.refused;
        break;
      case grpc::StatusCode::DEADLINE_EXCEEDED:
      case Http2Reply::kNone:  // the gate ends the streams of callers who wait no longer
        ++(took >= kPatience ? outcomes.late : outcomes.failed);
        break;
      default:
        ++outcomes.failed;
    }
  }

  const std::string address_;
  const double rate_;
  const std::chrono::seconds length_;
  uint64_t keys_ = 0;
  absl::flat_hash_map<uint64_t, Clock::time_point> under_way_;  // when they should have been asked
  std::array<Outcomes, kCheckpoints.size()> outcomes_;
  std::vector<std::unique_ptr<Http2Calls>> connections_;
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
      "asked %.0f/s, of which %d were never answered; judged %.0f/s, %.1f %% of the capacity; "
      "judged "
      "p50 %.1f p99 %.1f ms; refused p50 %.1f p99 %.1f ms\n",
      static_cast<double>(all.asked) / seconds, load.unanswered(), goodput, 100 * share,
      Millis(all.judged_after, 0.5), Millis(all.judged_after, 0.99), Millis(all.refused_after, 0.5),
      Millis(all.refused_after, 0.99));
  std::cout << absl::StrFormat(
      "an operator tripped a breaker %d times: p50 %.1f max %.1f ms, %d failures\n",
      others.tripped_after().count(), Millis(others.tripped_after(), 0.5),
      Millis(others.tripped_after(), 1), others.failures());
  return share >= 0.8 && load.unanswered() == 0 && Millis(all.refused_after, 0.5) <= 5 &&
         all.failed == 0 && others.failures() == 0 && Millis(others.tripped_after(), 1) <= 5000;
}

int Main(const Wish& wish) {
  // Timers to the point: the default adds up to 50 us to every wait for the next arrival.
  prctl(PR_SET_TIMERSLACK, 1);
  // As the gate does: a load that looks for cycles of locks takes cores from what it loads.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const TemporaryFolder folder;
  GateProcess gate(folder.path(), {"--capacity", absl::StrCat(wish.capacity), "--policy",
                                   places::Source("tests/end_to_end/overload_policy.yaml")});
  const pid_t process = gate.process().id();
  bool is_well = false;
  {
    Others others(gate.address());
    Load load(gate.address(), static_cast<double>(wish.offered),
              std::chrono::seconds(wish.seconds));
    const int64_t before = MemoryOf(process, "VmRSS:");
    others.Begin();
    const absl::Status loaded = load.Run();
    others.End();
    if (!loaded.ok()) std::cerr << "overload_load: " << loaded.ToString() << "\n";
    is_well = Report(wish, load, others) && loaded.ok();
    const int64_t peak = MemoryOf(process, "VmHWM:") / 1024;
    std::cout << absl::StrFormat(
                     "the gate's memory: %d MiB before, %d after, %d at most, of %d that it may\n",
                     before / 1024, MemoryOf(process, "VmRSS:") / 1024, peak, kPeakMibMax)
              << std::flush;
    is_well = is_well && peak > 0 && peak <= kPeakMibMax;
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
