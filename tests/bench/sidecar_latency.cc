// How long after COMMIT has returned the gate knows what was committed, durably. Starts a MariaDB
// (sync_binlog=1), a gate (fsync) and a sidecar of its own, and prints the median and the 99th
// percentile; nothing is asserted.
//
//   sidecar_latency [COMMITS]      1000 by default
//
// Seen from a client of the gate that follows its journal, which hears of a record just after the
// sidecar hears its acknowledgement.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "fundgate/types/position.h"
#include "fundgate/v1/audit.grpc.pb.h"
#include "tests/end_to_end/sidecar_world.h"

namespace fundgate::end_to_end {
namespace {

using Clock = std::chrono::steady_clock;

double MicrosecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

void Print(const std::string& what, std::vector<double> microseconds) {
  std::sort(microseconds.begin(), microseconds.end());
  const auto at = [&microseconds](double share) {
    return microseconds[static_cast<size_t>(share * static_cast<double>(microseconds.size() - 1))];
  };
  std::cout << absl::StreamFormat("%-48s median %7.0f us   p99 %7.0f us   max %7.0f us   (%d)\n",
                                  what, at(0.5), at(0.99), microseconds.back(),
                                  microseconds.size());
}

// The journal's batches of events, as they become durable.
class Journal {
 public:
  explicit Journal(const std::string& gate)
      : audit_(v1::Audit::NewStub(grpc::CreateChannel(gate, grpc::InsecureChannelCredentials()))) {
    v1::ExportTracesRequest request;
    request.set_follow(true);
    request.mutable_filter()->add_kinds(v1::TRACE_KIND_INGEST);
    stream_ = audit_->ExportTraces(&context_, request);
  }
  ~Journal() { context_.TryCancel(); }

  // Returns once a batch with events has been recorded that covers the position.
  void AwaitPosition(const Position& position) {
    v1::Trace trace;
    while (stream_->Read(&trace)) {
      if (Position::Parse(trace.ingest().position())->Covers(position)) return;
    }
    std::cerr << "sidecar_latency: the gate ended the trace\n";
    std::exit(1);
  }

 private:
  const std::unique_ptr<v1::Audit::Stub> audit_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::Trace>> stream_;
};

Position HeadOf(SidecarWorld& world) {
  return *Position::Parse(*(*world.database().Query("SELECT @@global.gtid_binlog_pos"))[0][0]);
}

void Measure(int commits) {
  SidecarWorld world;
  world.StartSidecar();
  world.Pay("p", "o1", 100'000'00);
  world.AwaitApplied();
  Journal journal(world.gate_address());
  journal.AwaitPosition(HeadOf(world));
  std::vector<double> commit;
  std::vector<double> known;
  for (int i = 0; i < commits; ++i) {
    const Clock::time_point begun = Clock::now();
    world.Pay(absl::StrCat("p", i), "o1", 1'00);
    const Clock::time_point returned = Clock::now();
    commit.push_back(std::chrono::duration<double, std::micro>(returned - begun).count());
    // One transaction a payment: its name is the head's. Asked only now, which costs some
    // microseconds that count.
    journal.AwaitPosition(HeadOf(world));
    known.push_back(MicrosecondsSince(returned));
  }
  std::vector<double> caught;
  for (int i = 0; i < std::max(1, commits / 20); ++i) {
    const auto before = world.Violations(v1::VIOLATION_KIND_UNGATED).size();
    world.WriteRefund(absl::StrCat("by-hand-", i), "o1", 1);
    const Clock::time_point returned = Clock::now();
    while (world.Violations(v1::VIOLATION_KIND_UNGATED).size() == before) {
    }
    caught.push_back(MicrosecondsSince(returned));
  }
  Print("INSERT and COMMIT, as the application sees it", commit);
  Print("COMMIT returned -> durable at the gate", known);
  Print("refund typed by hand -> violation can be listed", caught);
}

}  // namespace
}  // namespace fundgate::end_to_end

int main(int argc, char** argv) {
  int commits = 1000;
  if (argc > 2 || (argc == 2 && (!absl::SimpleAtoi(argv[1], &commits) || commits < 1))) {
    std::cerr << "Usage: sidecar_latency [COMMITS]\n";
    return 2;
  }
  fundgate::end_to_end::Measure(commits);
  return 0;
}
