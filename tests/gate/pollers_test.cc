// In a process of its own: what is limited stays so until the process ends.
#include "server/gate/pollers.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace fundgate::gate {
namespace {

// Ends each call at once and remembers which threads it was asked on.
class Service : public grpc::CallbackGenericService {
 public:
  std::set<std::thread::id> threads() {
    const std::lock_guard lock(mutex_);
    return threads_;
  }

 private:
  class Reactor : public grpc::ServerGenericBidiReactor {
   public:
    Reactor() { Finish(grpc::Status::OK); }
    void OnDone() override { delete this; }
  };

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    {
      const std::lock_guard lock(mutex_);
      threads_.insert(std::this_thread::get_id());
    }
    return new Reactor;
  }

  std::mutex mutex_;
  std::set<std::thread::id> threads_;
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

TEST(Pollers, OneReadsAllCalls) {
  ASSERT_TRUE(LimitPollers(1).ok());
  Service service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterCallbackGenericService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  ASSERT_NE(server, nullptr);
  const std::string address = "127.0.0.1:" + std::to_string(port);
  std::vector<std::thread> callers;
  callers.reserve(4);
  for (int i = 0; i < 4; ++i) callers.emplace_back([&address] { Ask(address, 100); });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(service.threads().size(), 1u);
  server->Shutdown();
}

}  // namespace
}  // namespace fundgate::gate
