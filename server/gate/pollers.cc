#include "server/gate/pollers.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "fundgate/types/status_macros.h"

namespace fundgate::gate {
namespace {

// For what takes microseconds, at the start.
constexpr absl::Duration kLongestStart = absl::Seconds(10);

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

// Has a poller say that it is there, and then wait for `next`, if that may be waited for.
std::future<void> Reach(const std::shared_future<void>& next) {
  const auto reached = std::make_shared<std::promise<void>>();
  std::future<void> future = reached->get_future();
  OnPoller([reached, next] {
    reached->set_value();
    if (next.valid()) next.wait();
  });
  return future;
}

bool ComesWithin(const auto& future, absl::Duration wait) {
  return future.wait_for(absl::ToChronoNanoseconds(wait)) == std::future_status::ready;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PollerLimit>> PollerLimit::Start(int count, absl::Duration patience,
                                                                std::function<void()> on_release) {
  std::unique_ptr<PollerLimit> limit(new PollerLimit(patience, std::move(on_release)));
  FUNDGATE_RETURN_IF_ERROR(limit->KeepWaiting(Started() - (count > 0 ? count : DefaultCount())));
  limit->watch_ = std::thread([&watched = *limit] { watched.Watch(); });
  return limit;
}

PollerLimit::~PollerLimit() {
  end_.set_value();
  if (watch_.joinable()) watch_.join();
  if (!is_released_) release_.set_value();
}

absl::Status PollerLimit::KeepWaiting(int count) {
  for (int waiting = 0; waiting <= count; ++waiting) {
    // Each on a thread of its own, as those before it don't come back; and one more, which shows
    // that somebody is left.
    const bool is_last = waiting == count;
    const std::future<void> reached = Reach(is_last ? std::shared_future<void>() : released_);
    if (!ComesWithin(reached, kLongestStart)) {
      return absl::UnavailableError("its threads don't poll as those of gRPC 1.51 do");
    }
  }
  return absl::OkStatus();
}

void PollerLimit::Watch() {
  while (!ComesWithin(ended_, patience_ / 4)) {
    if (IsServed()) continue;
    is_released_ = true;
    release_.set_value();
    on_release_();
    return;
  }
}

bool PollerLimit::IsServed() {
  const std::future<void> reached = Reach({});
  // In steps: who was stopped as a whole, and goes on, has not been held up.
  for (int step = 0; step < 4; ++step) {
    if (ComesWithin(reached, patience_ / 4) || ComesWithin(ended_, absl::ZeroDuration())) {
      return true;
    }
  }
  return false;
}

}  // namespace fundgate::gate
