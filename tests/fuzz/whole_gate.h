// A whole gate for fuzzers: its services, sequencer and store, with nothing but gRPC's connections
// left out. All of it runs on the caller's thread and on a clock that is moved by hand, so that the
// same calls always have the same answers; only what the gate itself gives to its workers runs on a
// thread of theirs, one thing at a time.
#ifndef TESTS_FUZZ_WHOLE_GATE_H_
#define TESTS_FUZZ_WHOLE_GATE_H_

#include <google/protobuf/message.h>
#include <grpcpp/support/status.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "server/core/records.h"
#include "tests/fuzz/calls.h"

namespace fundgate::fuzz {

class WholeGate;

struct Rpc {
  std::string name;  // "Gate/Check"
  const google::protobuf::Message* request = nullptr;
  bool streams_requests = false;
  // Never ends by itself: its caller leaves once nothing more comes.
  bool is_endless = false;
  std::function<std::unique_ptr<Call>(WholeGate& gate, const Messages& requests)> begin;
};

// Every RPC of the contract but those whose request has no fields and that write files.
const std::vector<Rpc>& Rpcs();
const Rpc& FindRpc(std::string_view name);

struct Result {
  grpc::Status status;
  Messages answers;
};

class WholeGate {
 public:
  // With the worked example's policy.
  WholeGate();
  ~WholeGate();
  WholeGate(const WholeGate&) = delete;
  WholeGate& operator=(const WholeGate&) = delete;

  // Calls, and waits as long as it takes by the gate's clock. One request, or any number where
  // requests are streamed.
  Result Make(const Rpc& rpc, const Messages& requests);
  Result Make(std::string_view rpc, const google::protobuf::Message& request);

  void PassTime(absl::Duration length);
  absl::Time Now() const;

  // Records that came of somebody's call and are no refusals.
  uint64_t recorded() const;
  // Whether a machine that is given the journal's inputs again gave the same answers, and has the
  // same books and keys.
  bool ReplaysTheSame() const;

  struct Feed {
    uint64_t epoch = 0;
    std::string position;
  };
  Feed FeedOf(const std::string& source) const;  // as it stands
  core::Book BookOf(const core::BookId& id) const;

  // The services and what they stand on.
  struct Parts;
  Parts& parts() { return *parts_; }

 private:
  const std::unique_ptr<Parts> parts_;
};

}  // namespace fundgate::fuzz

#endif  // TESTS_FUZZ_WHOLE_GATE_H_
