#include "server/gate/pollers.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>

namespace fundgate::gate {
namespace {

// For what takes microseconds.
constexpr std::chrono::seconds kLongest{10};

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

bool IsMet(const std::shared_ptr<std::promise<void>>& promise) {
  return promise->get_future().wait_for(kLongest) == std::future_status::ready;
}

}  // namespace

absl::Status LimitPollers(int count) {
  const int left = count > 0 ? count : DefaultCount();
  const auto release = std::make_shared<std::promise<void>>();
  const std::shared_future<void> released = release->get_future().share();
  const absl::Status otherwise =
      absl::UnavailableError("its threads don't poll as those of gRPC 1.51 do");
  for (int parked = 0; parked < Started() - left; ++parked) {
    const auto waits = std::make_shared<std::promise<void>>();
    // Each on a thread of its own: the ones before it don't come back. Nobody else keeps `release`
    // where all goes well, so that it is in here as well.
    OnPoller([waits, release, released] {
      waits->set_value();
      released.wait();
    });
    if (!IsMet(waits)) {
      release->set_value();
      return otherwise;
    }
  }
  const auto is_served = std::make_shared<std::promise<void>>();
  OnPoller([is_served] { is_served->set_value(); });
  if (IsMet(is_served)) return absl::OkStatus();
  release->set_value();
  return otherwise;
}

}  // namespace fundgate::gate
