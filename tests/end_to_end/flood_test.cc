// Floods of connections, streams and bytes: they end at their bounds, and the gate answers others.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fundgate/v1/status.grpc.pb.h"
#include "server/main/read_file.h"
#include "tests/end_to_end/callers.h"
#include "tests/end_to_end/certificates.h"
#include "tests/end_to_end/processes.h"
#include "tests/end_to_end/raw_connection.h"
#include "tests/gate/gate_world.h"

namespace fundgate::end_to_end {
namespace {

using gate::testing::Refund;

// A gate in plain text or by TLS.
class Door {
 public:
  explicit Door(bool by_tls, std::vector<std::string> options = {}) : by_tls_(by_tls) {
    if (by_tls) {
      const Certificate certificate = authority_.Issue("127.0.0.1");
      options.insert(options.end(), {"--tls-cert", certificate.certificate_file, "--tls-key",
                                     certificate.key_file});
    }
    gate_ = std::make_unique<GateProcess>(folder_.path(), options);
  }

  Process& process() { return gate_->process(); }
  const std::string& address() const { return gate_->address(); }

  // Shared with nobody.
  std::shared_ptr<grpc::Channel> Connect() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(address(), Credentials(), arguments);
  }

 private:
  std::shared_ptr<grpc::ChannelCredentials> Credentials() const {
    if (!by_tls_) return grpc::InsecureChannelCredentials();
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = main::ReadFile("ca", authority_.certificate_file()).value_or("");
    return grpc::SslCredentials(options);
  }

  const bool by_tls_;
  Authority authority_{"shop"};
  TemporaryFolder folder_;
  std::unique_ptr<GateProcess> gate_;
};

grpc::Status Look(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  v1::GetStatusResponse response;
  return v1::Status::NewStub(channel)->GetStatus(&context, {}, &response);
}

class FloodOf : public ::testing::TestWithParam<bool> {};

TEST_P(FloodOf, ConnectionsEndsAtTheFilesAndTheGateListensOn) {
  Door door(GetParam());
  const auto known = door.Connect();
  ASSERT_TRUE(Look(known).ok());
  constexpr rlim_t kFiles = 160;
  const rlimit files{kFiles, kFiles};
  ASSERT_EQ(prlimit(door.process().id(), RLIMIT_NOFILE, &files, nullptr), 0);
  std::vector<std::unique_ptr<RawConnection>> flood;
  for (rlim_t i = 0; i < 2 * kFiles; ++i)
    flood.push_back(std::make_unique<RawConnection>(door.address()));
  // Of twice as many as there are files for, at least half are refused.
  size_t ended = 0;
  while (ended < kFiles) {
    ended = 0;
    for (const auto& silent : flood) ended += silent->HasEnded() ? 1 : 0;
    const grpc::Status status = Look(known);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  flood.clear();
  const grpc::Status status = Look(door.Connect());
  EXPECT_TRUE(status.ok()) << status.error_message();
  door.process().Signal(SIGTERM);
  EXPECT_EQ(door.process().Wait(), 0);
}

TEST_P(FloodOf, HandshakesThatNeverEndAreEnded) {
  Door door(GetParam());
  const RawConnection silent(door.address());
  silent.AwaitEnd();
  EXPECT_TRUE(Look(door.Connect()).ok());
}

INSTANTIATE_TEST_SUITE_P(Plain, FloodOf, ::testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Tls, FloodOf, ::testing::Values(true));

// An open stream of checks.
struct Opened {
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<v1::CheckRequest, v1::Decision>> stream;

  explicit Opened(const std::shared_ptr<grpc::Channel>& channel)
      : stream(v1::Gate::NewStub(channel)->StreamChecks(&context)) {}

  bool Ask(const std::string& key) {
    v1::CheckRequest request = Refund(key, "o1", 1);
    request.set_request_id(key);
    stream->Write(request);
    v1::Decision decision;
    return stream->Read(&decision);
  }
};

TEST(Flood, OfStreamsOneMoreThanMayBeIsToldSoAndOthersGoOn) {
  Door door(false, {"--check-streams", "8"});
  const auto channel = door.Connect();
  std::vector<std::unique_ptr<Opened>> opened;
  for (int i = 0; i < 8; ++i) {
    opened.push_back(std::make_unique<Opened>(channel));
    EXPECT_TRUE(opened.back()->Ask(absl::StrCat("k", i)));
  }
  Opened ninth(channel);
  EXPECT_FALSE(ninth.Ask("k8"));
  EXPECT_GE(gate::testing::RetryInfoOf(ninth.stream->Finish()).retry_delay().seconds(), 1);
  EXPECT_TRUE(opened.front()->Ask("again"));
  grpc::ClientContext context;
  v1::Decision decision;
  EXPECT_TRUE(
      v1::Gate::NewStub(channel)->Check(&context, Refund("alone", "o1", 1), &decision).ok());

  opened.front()->stream->WritesDone();
  EXPECT_TRUE(opened.front()->stream->Finish().ok());
  bool found_place = false;  // as soon as the gate has let the other one go
  while (!found_place) {
    Opened next(channel);
    found_place = next.Ask("next");
    next.context.TryCancel();
    next.stream->Finish();
  }
  for (const auto& open : opened) open->context.TryCancel();
}

TEST(Flood, WhoNeverReadsItsAnswersGetsNoMoreJudged) {
  Door door(false);
  const auto channel = door.Connect();
  Opened deaf(door.Connect());
  std::thread writer([&deaf] {
    bool goes_on = true;
    for (int i = 0; i < 100'000 && goes_on; ++i) {
      v1::CheckRequest request = Refund(absl::StrCat("deaf", i), "o1", 1);
      request.set_request_id(request.idempotency_key());
      goes_on = deaf.stream->Write(request);
    }
  });
  const auto gate = v1::Gate::NewStub(channel);
  constexpr int kOthers = 300;
  for (int i = 0; i < kOthers; ++i) {
    grpc::ClientContext context;
    v1::Decision decision;
    ASSERT_TRUE(gate->Check(&context, Refund(absl::StrCat("other", i), "o1", 1), &decision).ok());
  }
  grpc::ClientContext context;
  v1::GetStatusResponse status;
  ASSERT_TRUE(v1::Status::NewStub(channel)->GetStatus(&context, {}, &status).ok());
  // What may wait in the gate, and what the connection holds.
  EXPECT_LT(status.last_sequence(), uint64_t{kOthers + 10'000});
  deaf.context.TryCancel();
  writer.join();
  v1::Decision decision;
  while (deaf.stream->Read(&decision)) {
  }
  EXPECT_EQ(deaf.stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(Look(channel).ok());
}

TEST(Flood, LargeMessagesAreRefusedInBoundedMemory) {
  Door door(false);
  Callers callers(door.address(), 4);
  v1::CheckRequest large = Refund("large", "o1", 1);
  (*large.mutable_attributes())["note"].set_string_value(std::string(size_t{7} << 20, 'x'));
  v1::CheckRequest too_large = large;
  (*too_large.mutable_attributes())["more"].set_string_value(std::string(size_t{2} << 20, 'x'));
  std::vector<v1::CheckRequest> requests;
  for (int i = 0; i < 60; ++i) {
    requests.push_back(large);
    requests.push_back(too_large);
  }
  for (const Answer& answer : callers.AskAll(requests)) {
    const bool fits = answer.request.attributes_size() == 1;
    EXPECT_EQ(answer.status.error_code(),
              fits ? grpc::StatusCode::INVALID_ARGUMENT : grpc::StatusCode::RESOURCE_EXHAUSTED)
        << answer.status.error_message();
  }
  EXPECT_LT(PeakMemoryMib(door.process().id()), 1200);
  EXPECT_TRUE(Look(door.Connect()).ok());
}

}  // namespace
}  // namespace fundgate::end_to_end
