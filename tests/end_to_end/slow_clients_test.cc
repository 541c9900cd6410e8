// Clients that stop in the middle, and clients that never read: they keep nobody else from being
// answered, take a bounded amount of memory, and their connections end by the gate's own limits.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fundgate/v1/audit.grpc.pb.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "tests/end_to_end/processes.h"
#include "tests/end_to_end/raw_connection.h"
#include "tests/gate/gate_world.h"

namespace fundgate::end_to_end {
namespace {

using gate::testing::Refund;

// Of each kind.
constexpr int kClients = 20;
constexpr int kDeaf = 60;  // that never read
// What they may take of the gate together: a socket's buffers of each, and not what it asked for.
constexpr int64_t kMibMax = 128;

// All that there is to a check.
std::string Whole(const std::string& key) {
  return absl::StrCat(Http2Preface(), CallHeaders("Gate/Check"),
                      ToBytes(Http2Frame::kData, kEndStream, 1,
                              WithPrefix(Refund(key, "o1", 1).SerializeAsString())));
}

// Only its first half is said.
std::string HalfOf(const std::string& bytes) { return bytes.substr(0, bytes.size() / 2); }

// What clients say before they stop.
std::vector<std::string> Beginnings() {
  const std::string preface = Http2Preface();
  const std::string headers = CallHeaders("Gate/Check");
  const std::string message = WithPrefix(Refund("half", "o1", 1).SerializeAsString());
  const std::string data = ToBytes(Http2Frame::kData, kEndStream, 1, message);
  return {
      "",
      "PRI * HTTP/2.0\r\n",
      preface,
      preface + HalfOf(headers),
      preface + headers,
      preface + headers + HalfOf(data),
      preface + headers + ToBytes(Http2Frame::kData, 0, 1, HalfOf(message)),
      preface + CallHeaders("Gate/StreamChecks") + ToBytes(Http2Frame::kData, 0, 1, message),
      "GET / HTTP/1.1\r\nHost: ",
  };
}

class SlowClients : public ::testing::Test {
 protected:
  SlowClients()
      : gate_(folder_.path()),
        channel_(grpc::CreateChannel(gate_.address(), grpc::InsecureChannelCredentials())),
        checks_(v1::Gate::NewStub(channel_)) {
    Judge(1);  // so that it is connected
    sockets_ = OpenSockets(gate_.process().id());
  }

  // Other clients get through meanwhile.
  void Judge(int checks) {
    for (int i = 0; i < checks; ++i) {
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
      v1::Decision decision;
      const grpc::Status status =
          checks_->Check(&context, Refund(absl::StrCat("o", asked_++), "o1", 1), &decision);
      ASSERT_TRUE(status.ok()) << status.error_message();
    }
  }

  // Megabytes of traces.
  void FillJournal() {
    for (int batch = 0; batch < 5; ++batch) {
      v1::BatchCheckRequest request;
      for (int i = 0; i < 1000; ++i) {
        *request.add_requests() = Refund(absl::StrCat("j", batch, "-", i), "o1", 1);
      }
      grpc::ClientContext context;
      v1::BatchCheckResponse response;
      const grpc::Status status = checks_->BatchCheck(&context, request, &response);
      ASSERT_TRUE(status.ok()) << status.error_message();
    }
  }
  // Bytes of all traces, read by one who reads.
  uint64_t ReadTraces() {
    grpc::ClientContext context;
    const auto reader = v1::Audit::NewStub(channel_)->ExportTraces(&context, {});
    uint64_t bytes = 0;
    for (v1::Trace trace; reader->Read(&trace);) bytes += trace.ByteSizeLong();
    EXPECT_TRUE(reader->Finish().ok());
    return bytes;
  }

  void ExpectGone(int64_t mib_before) {
    while (OpenSockets(gate_.process().id()) > sockets_) Judge(1);
    const int64_t taken = PeakMemoryMib(gate_.process().id()) - mib_before;
    EXPECT_LE(taken, kMibMax);
    std::cout << "they took " << taken << " MiB more\n";
    Judge(10);
    gate_.process().Signal(SIGTERM);
    EXPECT_EQ(gate_.process().Wait(), 0);
    EXPECT_EQ(Verify(folder_.path()), 0);
  }

  const TemporaryFolder folder_;
  GateProcess gate_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::Gate::Stub> checks_;
  int asked_ = 0;
  int sockets_ = 0;  // before there were any
};

TEST_F(SlowClients, WhoStopsInTheMiddleIsEndedAndDelaysNobody) {
  {
    const RawConnection whole(gate_.address());
    whole.Send(Whole("whole"));
    EXPECT_TRUE(whole.ReadUntil("whole")) << "its decision names the key: so said, it is a call";
  }
  const int64_t before = PeakMemoryMib(gate_.process().id());
  std::vector<std::unique_ptr<RawConnection>> stopped;
  for (int i = 0; i < kClients; ++i) {
    for (const std::string& beginning : Beginnings()) {
      stopped.push_back(std::make_unique<RawConnection>(gate_.address()));
      if (!beginning.empty()) stopped.back()->Send(beginning);
    }
    Judge(5);
  }
  // By the time for a handshake, or because nobody answers the gate's pings.
  for (const auto& connection : stopped) connection->AwaitEnd();
  ExpectGone(before);
}

TEST_F(SlowClients, WhoNeverReadsIsEndedAndHoldsNoMoreThanItsBuffers) {
  FillJournal();
  const uint64_t bytes = ReadTraces();
  // Were it kept for each of them, it would be more than there may be.
  ASSERT_GT(bytes * kDeaf, static_cast<uint64_t>(kMibMax) << 20);
  const int64_t before = PeakMemoryMib(gate_.process().id());
  v1::ExportTracesRequest follow;
  follow.set_follow(true);
  std::vector<std::unique_ptr<RawConnection>> deaf;
  for (int i = 0; i < kDeaf; ++i) {
    deaf.push_back(std::make_unique<RawConnection>(gate_.address(), 4096));
    deaf.back()->Send(absl::StrCat(
        Http2Preface(), CallHeaders("Audit/ExportTraces"),
        ToBytes(Http2Frame::kData, kEndStream, 1, WithPrefix(follow.SerializeAsString()))));
  }
  for (const auto& connection : deaf) connection->AwaitUnread(2048);  // traces flow
  Judge(100);
  EXPECT_GE(ReadTraces(), bytes) << "who reads gets all of it meanwhile";
  ExpectGone(before);
}

}  // namespace
}  // namespace fundgate::end_to_end
