// In a process of its own, because all of a process's calls are taken by the same threads.
#include "server/gate/pollers.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace fundgate::gate {
namespace {

// Ends each call at once and remembers which threads it was asked on, and how those were scheduled.
// The first one may have to wait for the second.
class Service : public grpc::CallbackGenericService {
 public:
  explicit Service(bool first_waits, absl::Duration work = absl::ZeroDuration())
      : first_waits_(first_waits), work_(work) {}

  std::set<std::thread::id> threads() {
    const std::lock_guard lock(mutex_);
    return threads_;
  }
  std::set<int> policies() {
    const std::lock_guard lock(mutex_);
    return policies_;
  }

 private:
  class Reactor : public grpc::ServerGenericBidiReactor {
   public:
    Reactor() { Finish(grpc::Status::OK); }
    void OnDone() override { delete this; }
  };

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    int number = 0;
    {
      const std::lock_guard lock(mutex_);
      threads_.insert(std::this_thread::get_id());
      policies_.insert(sched_getscheduler(0));
      number = ++calls_;
    }
    if (number == 1 && first_waits_) second_.get_future().wait();
    if (number == 2) second_.set_value();
    for (const absl::Time end = absl::Now() + work_; absl::Now() < end;) {
    }
    return new Reactor;
  }

  const bool first_waits_;
  const absl::Duration work_;
  std::promise<void> second_;
  std::mutex mutex_;
  int calls_ = 0;
  std::set<std::thread::id> threads_;
  std::set<int> policies_;
};

// A caller with a connection of its own.
void Ask(const std::string& address, int calls) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  grpc::GenericStub stub(
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
  const grpc::Slice slice("?");
  const grpc::ByteBuffer request(&slice, 1);
  for (int i = 0; i < calls; ++i) {
    grpc::ClientContext context;
    grpc::ByteBuffer response;
    grpc::CompletionQueue queue;
    const auto call = stub.PrepareUnaryCall(&context, "/any", request, &queue);
    call->StartCall();
    grpc::Status status;
    call->Finish(&response, &status, &queue);
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    // A stream that ends without a message is no unary answer; it was asked, all the same.
    EXPECT_NE(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
    queue.Shutdown();
    while (queue.Next(&tag, &ok)) {
    }
  }
}

// Which threads took the calls of four callers at once.
std::set<std::thread::id> ThreadsOf(Service& service) {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterCallbackGenericService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const std::string address = "127.0.0.1:" + std::to_string(port);
  std::vector<std::thread> callers;
  callers.reserve(4);
  for (int i = 0; i < 4; ++i) callers.emplace_back([&address] { Ask(address, 100); });
  for (std::thread& caller : callers) caller.join();
  server->Shutdown();
  return service.threads();
}

TEST(Pollers, OneTakesAllCalls) {
  const auto limit = PollerLimit::Start(
      1, absl::Hours(1), {[] { FAIL() << "nobody is held up"; }, [] { return false; }});
  ASSERT_TRUE(limit.ok()) << limit.status();
  Service service(false);
  EXPECT_EQ(ThreadsOf(service).size(), 1u);
}

TEST(Pollers, TheOthersComeBackOnceItIsHeldUp) {
  std::atomic<int> told = 0;
  auto limit =
      PollerLimit::Start(1, absl::Milliseconds(40), {[&told] { ++told; }, [] { return false; }});
  ASSERT_TRUE(limit.ok()) << limit.status();
  Service service(true);  // its first call ends only when another one is taken beside it
  EXPECT_GT(ThreadsOf(service).size(), 1u);
  limit->reset();
  EXPECT_GE(told, 1);
}

TEST(Pollers, TheOthersHelpOneThatHasNoMomentToSpare) {
  const auto limit = PollerLimit::Start(1, absl::Milliseconds(400), {[] {}, [] { return false; }});
  ASSERT_TRUE(limit.ok()) << limit.status();
  // On a busy machine the first hundred calls may not suffice. A service belongs to one server.
  for (size_t threads = 0; threads < 2;) {
    Service service(false, absl::Milliseconds(1));
    threads = ThreadsOf(service).size();
  }
}

// How the threads were scheduled that took the calls of four callers at once.
std::set<int> PoliciesOf(Service&& service) {
  ThreadsOf(service);
  return service.policies();
}

// Nobody else has a say in it, or forbids it.
bool MayScheduleInBatches() {
  const sched_param priority{};
  return sched_getscheduler(0) == SCHED_OTHER &&
         sched_setscheduler(0, SCHED_BATCH, &priority) == 0 &&
         sched_setscheduler(0, SCHED_OTHER, &priority) == 0;
}

TEST(Pollers, OneIsScheduledInBatchesWhileCallsComeInCrowds) {
  ASSERT_TRUE(MayScheduleInBatches()) << "start the tests without chrt, and let them use it";
  std::atomic<bool> in_crowds = true;
  const auto limit = PollerLimit::Start(1, absl::Milliseconds(400),
                                        {[] {}, [&in_crowds] { return in_crowds.load(); }});
  ASSERT_TRUE(limit.ok()) << limit.status();
  // It is looked at now and then.
  while (!PoliciesOf(Service(false)).contains(SCHED_BATCH)) {
  }
  in_crowds = false;
  while (PoliciesOf(Service(false)) != std::set<int>{SCHED_OTHER}) {
  }
}

// What a poller starts is scheduled as it is.
TEST(Pollers, NoThreadStaysInBatchesOnceCrowdsEnd) {
  ASSERT_TRUE(MayScheduleInBatches()) << "start the tests without chrt, and let them use it";
  std::atomic<bool> in_crowds = true;
  const auto limit = PollerLimit::Start(1, absl::Milliseconds(400),
                                        {[] {}, [&in_crowds] { return in_crowds.load(); }});
  ASSERT_TRUE(limit.ok()) << limit.status();
  std::promise<void> end;
  std::promise<int> started;
  std::promise<pid_t> id;
  std::thread heir([&] {
    const sched_param priority{};
    started.set_value(sched_setscheduler(0, SCHED_BATCH, &priority));
    id.set_value(gettid());
    end.get_future().wait();
  });
  ASSERT_EQ(started.get_future().get(), 0);
  const pid_t thread = id.get_future().get();
  while (!PoliciesOf(Service(false)).contains(SCHED_BATCH)) {
  }
  in_crowds = false;
  while (sched_getscheduler(thread) != SCHED_OTHER) {
    PoliciesOf(Service(false));
  }
  end.set_value();
  heir.join();
}

TEST(Pollers, OneThatHelpComesToIsNotInBatches) {
  ASSERT_TRUE(MayScheduleInBatches()) << "start the tests without chrt, and let them use it";
  const auto limit = PollerLimit::Start(1, absl::Milliseconds(400), {[] {}, [] { return true; }});
  ASSERT_TRUE(limit.ok()) << limit.status();
  std::set<std::thread::id> threads;
  std::set<int> policies;
  // As above; and the calls themselves may fall before the moment that the others come.
  while (threads.size() < 2 || policies != std::set<int>{SCHED_OTHER}) {
    Service service(false, absl::Milliseconds(1));
    threads = ThreadsOf(service);
    policies = service.policies();
  }
}

TEST(Pollers, ALimitThatEndsLeavesAllOfThem) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(PollerLimit::Start(1, absl::Hours(1), {[] {}, [] { return false; }}).ok());
  }
  Service service(true);
  EXPECT_GT(ThreadsOf(service).size(), 1u);
}

}  // namespace
}  // namespace fundgate::gate
