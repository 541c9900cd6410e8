#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "tests/bench/load/grpc_load.h"
#include "tests/bench/load/http2_calls.h"
#include "tests/bench/load/requests.h"

namespace fundgate::bench {
namespace {

// Calls that may be under way; one more is an error.
constexpr size_t kMostCalls = 20'000;

// Asks each check when it should be asked and hears the answers, on one thread. For a call a gRPC
// client takes as much of the processor as a bare gRPC server, and the server that is measured
// would lack it.
class OpenLoop {
 public:
  explicit OpenLoop(const Plan& plan)
      : plan_(plan), movements_(plan.name, plan.spread, plan.seed, plan.shop) {}

  Result Run() {
    absl::Status status = Connect();
    if (status.ok()) status = AskAsTheyCome();
    if (!status.ok()) result_.Failed(status.ToString());
    for (size_t left = under_way_.size(); left > 0; --left) result_.Failed("not answered in time");
    return std::move(result_);
  }

 private:
  absl::Status Connect() {
    for (size_t i = 0; i < plan_.threads * plan_.connections; ++i) {
      FUNDGATE_ASSIGN_OR_RETURN(std::unique_ptr<Http2Calls> connection,
                                Http2Calls::Connect(plan_.address, "/fundgate.v1.Gate/Check",
                                                    [this](uint64_t tag, const Http2Reply& reply) {
                                                      Heard(tag, reply);
                                                    }));
      connections_.push_back(std::move(connection));
    }
    waits_.resize(connections_.size());
    return absl::OkStatus();
  }

  absl::Status AskAsTheyCome() {
    window_.emplace(plan_);
    Arrivals arrivals(plan_.rate, plan_.seed);
    while (!window_->IsOver(arrivals.next())) {
      for (const Clock::time_point now = Clock::now();
           arrivals.next() <= now && !window_->IsOver(arrivals.next()); arrivals.Advance()) {
        FUNDGATE_RETURN_IF_ERROR(Ask(arrivals.next()));
      }
      FUNDGATE_RETURN_IF_ERROR(SendAndHear(arrivals.next()));
    }
    const Clock::time_point late = window_->end() + Plan::kPatience;
    while (!under_way_.empty() && Clock::now() < late) {
      FUNDGATE_RETURN_IF_ERROR(SendAndHear(late));
    }
    return absl::OkStatus();
  }

  absl::Status Ask(Clock::time_point asked) {
    if (under_way_.size() == kMostCalls) {
      result_.Failed("too many calls are under way");
      return absl::OkStatus();
    }
    Fill(movements_.Next(), request_);
    const uint64_t number = asked_++;
    under_way_.emplace(number, asked);
    return connections_[number % connections_.size()]->Ask(number, request_.SerializeAsString(),
                                                           Plan::kPatience);
  }

  // Sends what was asked and hears what comes first, if anything does before `moment`.
  absl::Status SendAndHear(Clock::time_point moment) {
    for (size_t i = 0; i < connections_.size(); ++i) {
      FUNDGATE_RETURN_IF_ERROR(connections_[i]->Send());
      const int writing = connections_[i]->has_unsent() ? POLLOUT : 0;
      waits_[i] = {connections_[i]->socket(), static_cast<int16_t>(POLLIN | writing), 0};
    }
    const timespec wait = ToTimespec(moment - Clock::now());
    if (ppoll(waits_.data(), waits_.size(), &wait, nullptr) <= 0) return absl::OkStatus();
    for (size_t i = 0; i < connections_.size(); ++i) {
      if (waits_[i].revents != 0) FUNDGATE_RETURN_IF_ERROR(connections_[i]->Receive());
    }
    return absl::OkStatus();
  }

  void Heard(uint64_t number, const Http2Reply& reply) {
    const auto call = under_way_.find(number);
    if (call == under_way_.end()) return;
    const Clock::time_point asked = call->second;
    under_way_.erase(call);
    if (!window_->Holds(asked)) return;
    if (reply.grpc_status != grpc::StatusCode::OK) {
      return result_.Failed(reply.error.empty()
                                ? absl::StrCat("the call ended with status ", reply.grpc_status)
                                : reply.error);
    }
    if (!decision_.ParseFromString(reply.message)) return result_.Failed("no decision");
    const std::string problem = ProblemOf(plan_, decision_);
    if (!problem.empty()) return result_.Failed(problem);
    result_.Answered(asked, 1);
    result_.message_bytes = reply.message.size();
  }

  const Plan& plan_;
  Movements movements_;
  std::vector<std::unique_ptr<Http2Calls>> connections_;
  std::vector<pollfd> waits_;
  v1::CheckRequest request_;  // used again
  v1::Decision decision_;     // used again
  uint64_t asked_ = 0;
  absl::flat_hash_map<uint64_t, Clock::time_point> under_way_;  // when they should have been asked
  std::optional<Window> window_;
  Result result_;
};

}  // namespace

Result LoadOpenly(const Plan& plan) { return OpenLoop(plan).Run(); }

}  // namespace fundgate::bench
