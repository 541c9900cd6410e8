// Certificates and authorities are renewed while callers come and go, and none of them notices.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "fundgate/v1/gate.grpc.pb.h"
#include "tests/end_to_end/secure_world.h"
#include "tests/gate/gate_world.h"

namespace fundgate::end_to_end {
namespace {

using gate::testing::Refund;

constexpr char kGatesNames[] = "IP:127.0.0.1,DNS:localhost";

// The certificate that the gate shows on a new connection.
std::string ShownCertificate(const SecureWorld& world, grpc::Status& status) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  v1::Decision decision;
  const auto channel = world.Connect("payments");
  status = v1::Gate::NewStub(channel)->Check(&context, Refund("r1", "o1", 1), &decision);
  const auto shown = context.auth_context()->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  return shown.empty() ? "" : std::string(shown[0].data(), shown[0].size());
}

// Two callers that do nothing but call: one stays connected, one connects for each call.
class Load {
 public:
  explicit Load(const SecureWorld& world)
      : staying_([this, &world] {
          const auto channel = world.Connect("payments");
          while (!stop_) Call(channel, stayed_);
        }),
        coming_([this, &world] {
          while (!stop_) Call(world.Connect("payments"), came_);
        }) {}
  ~Load() { End(); }

  // Until whoever connects does so by files that it has read after this was called.
  void AwaitNewcomers() const {
    const int before = came_;
    while (came_ < before + 2) std::this_thread::yield();
  }
  void End() {
    stop_ = true;
    if (staying_.joinable()) staying_.join();
    if (coming_.joinable()) coming_.join();
  }
  int stayed() const { return stayed_; }
  int came() const { return came_; }
  int failures() const { return failures_; }

 private:
  void Call(const std::shared_ptr<grpc::Channel>& channel, std::atomic<int>& calls) {
    const grpc::Status status = CallEmpty(channel, "Status/GetStatus");
    if (!status.ok()) {
      ++failures_;
      ADD_FAILURE() << status.error_message();
    }
    ++calls;
  }

  std::atomic<bool> stop_{false};
  std::atomic<int> stayed_{0};
  std::atomic<int> came_{0};
  std::atomic<int> failures_{0};
  std::thread staying_;
  std::thread coming_;
};

TEST(Rotation, TheGatesCertificateIsRenewedUnderLoadWithoutAnError) {
  SecureWorld world;
  Load load(world);
  grpc::Status status;
  std::string shown = ShownCertificate(world, status);
  EXPECT_TRUE(status.ok()) << status.error_message();
  for (int renewal = 0; renewal < 3; ++renewal) {
    world.RenewGate();
    std::string now = shown;
    while (now == shown) {
      now = ShownCertificate(world, status);
      ASSERT_TRUE(status.ok()) << status.error_message();
    }
    shown = now;
  }
  load.End();
  EXPECT_EQ(load.failures(), 0);
  EXPECT_GT(load.stayed() + load.came(), 100);
}

TEST(Rotation, CallersCertificatesAreRenewedUnderLoadWithoutAnError) {
  SecureWorld world;
  Load load(world);
  for (int renewal = 0; renewal < 3; ++renewal) {
    world.Issue("payments");
    load.AwaitNewcomers();
  }
  load.End();
  EXPECT_EQ(load.failures(), 0);
  EXPECT_GE(load.came(), 6);
  EXPECT_EQ(world.Denials().denials_size(), 0);
}

// As docs/security.md tells: trust both, renew what is signed, trust the new one alone.
TEST(Rotation, TheAuthorityIsReplacedUnderLoadWithoutAnError) {
  SecureWorld world;
  security::testing::TestAuthority next;
  const auto issue = [&](security::testing::TestAuthority& by, const std::string& name) {
    security::testing::WriteFile(world.file(name + ".pem"),
                                 by.Issue({.names = "URI:spiffe://shop/payments"}).both());
  };
  issue(next, "by-next");
  issue(world.authority(), "by-first");
  const auto is_let_in = [&world](const std::string& file) {
    return CallEmpty(world.Connect(file), "Status/GetStatus").ok();
  };
  Load load(world);
  EXPECT_TRUE(is_let_in("by-first"));
  EXPECT_FALSE(is_let_in("by-next"));

  security::testing::WriteFile(world.file("ca.pem"), world.authority().pem() + next.pem(), 0644);
  while (!is_let_in("by-next")) {
  }
  EXPECT_TRUE(is_let_in("by-first"));
  load.AwaitNewcomers();

  issue(next, "payments");
  grpc::Status status;
  const std::string before = ShownCertificate(world, status);
  security::testing::WriteFile(world.file("gate.pem"), next.Issue({.names = kGatesNames}).both());
  while (ShownCertificate(world, status) == before) {
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  load.AwaitNewcomers();

  security::testing::WriteFile(world.file("ca.pem"), next.pem(), 0644);
  while (is_let_in("by-first")) {
  }
  EXPECT_TRUE(is_let_in("by-next"));
  load.AwaitNewcomers();
  load.End();
  EXPECT_EQ(load.failures(), 0);
  EXPECT_GT(load.stayed(), 0);
}

}  // namespace
}  // namespace fundgate::end_to_end
