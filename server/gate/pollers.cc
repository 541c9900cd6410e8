#include "server/gate/pollers.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::gate {
namespace {

// For what takes microseconds, at the start.
constexpr absl::Duration kLongestStart = absl::Seconds(10);

// Of a thread's time: busier than that, it is what calls wait for.
constexpr double kBusy = 0.75;

// So many looks at a poller without finding it busy: what kept it so is over.
constexpr int kCalm = 40;

int Started() {
  const auto cores = static_cast<int>(sysconf(_SC_NPROCESSORS_CONF));
  return std::clamp(cores / 2, 2, 16);
}

int DefaultCount() {
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / 4);
}

// Has `work` run on one of gRPC's pollers, as the callback of a call that fails at once.
void OnPoller(std::function<void()> work) {
  // Never destroyed: gRPC's threads are there as long as somebody has a channel.
  static auto* const nobody =
      new grpc::GenericStub(grpc::CreateChannel("nobody", nullptr));  // no credentials, no way
  struct Call {
    grpc::ClientContext context;
    grpc::ByteBuffer request;
    grpc::ByteBuffer response;
  };
  const auto call = std::make_shared<Call>();
  const grpc::Slice nothing("nothing");
  call->request = grpc::ByteBuffer(&nothing, 1);
  nobody->UnaryCall(&call->context, "/nothing", {}, &call->request, &call->response,
                    [call, work = std::move(work)](const grpc::Status&) { work(); });
}

bool Schedule(pid_t thread, int policy) {
  const sched_param priority{};
  return sched_setscheduler(thread, policy, &priority) == 0;
}

bool ComesWithin(const auto& future, absl::Duration wait) {
  return future.wait_for(absl::ToChronoNanoseconds(wait)) == std::future_status::ready;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PollerLimit>> PollerLimit::Start(int count, absl::Duration patience,
                                                                Listeners listeners) {
  const int left = count > 0 ? count : DefaultCount();
  std::unique_ptr<PollerLimit> limit(
      new PollerLimit(std::max(0, Started() - left), patience, std::move(listeners)));
  if (limit->count_ == 0) return limit;  // nobody waits, nobody could help
  FUNDGATE_RETURN_IF_ERROR(limit->Hold());
  limit->watch_ = std::thread([&watched = *limit] {
    watched.Watch();
    watched.ScheduleAsUsual();
  });
  return limit;
}

PollerLimit::PollerLimit(int count, absl::Duration patience, Listeners listeners)
    : count_(count), patience_(patience), listeners_(std::move(listeners)) {}

PollerLimit::~PollerLimit() {
  end_.set_value();
  if (watch_.joinable()) watch_.join();
  LetGo();
}

absl::Status PollerLimit::Hold() {
  const std::shared_future<void> go = let_go_.emplace().get_future().share();
  for (int held = 0; held <= count_; ++held) {
    // Each on a thread of its own, as those before it don't come back; and one more, which shows
    // that somebody is left.
    const bool waits = held < count_;
    const auto reached = std::make_shared<std::promise<void>>();
    OnPoller([reached, waits, go] {
      reached->set_value();
      if (waits) go.wait();
    });
    if (!ComesWithin(reached->get_future(), kLongestStart)) {
      LetGo();
      return absl::UnavailableError("its threads don't poll as those of gRPC 1.51 do");
    }
  }
  return absl::OkStatus();
}

void PollerLimit::LetGo() {
  if (let_go_.has_value()) let_go_->set_value();
  let_go_.reset();
}

void PollerLimit::Watch() {
  const absl::Duration first_pause = 5 * patience_;
  const absl::Duration longest_pause = 300 * patience_;
  absl::Duration pause = first_pause;
  std::optional<Sample> before;
  int calm = 0;  // looks, one after the other
  while (!EndsWithin(patience_ / 8)) {
    const std::optional<Sample> now = LookAtPoller();
    if (listeners_.in_crowds() && now.has_value()) {
      ScheduleInBatches(now->thread);
    } else {
      ScheduleAsUsual();
    }
    const bool is_busy =
        now.has_value() && before.has_value() && now->thread == before->thread &&
        now->processor_time - before->processor_time > kBusy * (now->at - before->at);
    if (now.has_value() && !is_busy) {
      before = now;
      if (++calm == kCalm) pause = first_pause;
      continue;
    }
    ScheduleAsUsual();  // nobody asks meanwhile how calls come
    LetGo();
    if (!now.has_value()) listeners_.on_hold_up();
    do {
      if (EndsWithin(pause)) return;
      pause = std::min(2 * pause, longest_pause);
    } while (!Hold().ok());
    calm = 0;
    before.reset();
  }
}

std::optional<PollerLimit::Sample> PollerLimit::LookAtPoller() {
  const auto reached = std::make_shared<std::promise<Sample>>();
  std::future<Sample> sample = reached->get_future();
  OnPoller([reached] {
    timespec used{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    const auto at = std::chrono::steady_clock::now().time_since_epoch();
    reached->set_value({gettid(), absl::FromChrono(at), absl::DurationFromTimespec(used)});
  });
  // In steps: a process that was stopped as a whole, and goes on, has not been held up.
  for (int step = 0; step < 4; ++step) {
    if (ComesWithin(sample, patience_ / 4)) return sample.get();
    if (EndsWithin(absl::ZeroDuration())) return Sample{};
  }
  return std::nullopt;
}

void PollerLimit::ScheduleInBatches(pid_t thread) {
  // Whoever started the process may have had other wishes: this thread has them, too.
  if (sched_getscheduler(0) != SCHED_OTHER || sched_getscheduler(thread) != SCHED_OTHER) return;
  if (Schedule(thread, SCHED_BATCH)) in_batches_ = true;
}

void PollerLimit::ScheduleAsUsual() {
  if (!std::exchange(in_batches_, false)) return;
  std::error_code error;
  std::filesystem::directory_iterator task("/proc/self/task", error);
  for (; !error && task != std::filesystem::directory_iterator(); task.increment(error)) {
    pid_t thread = 0;
    if (absl::SimpleAtoi(task->path().filename().string(), &thread) &&
        sched_getscheduler(thread) == SCHED_BATCH) {
      Schedule(thread, SCHED_OTHER);
    }
  }
}

bool PollerLimit::EndsWithin(absl::Duration wait) { return ComesWithin(ended_, wait); }

}  // namespace fundgate::gate
