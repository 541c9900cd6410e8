// Movements as requests to Fundgate.
#ifndef TESTS_BENCH_LOAD_REQUESTS_H_
#define TESTS_BENCH_LOAD_REQUESTS_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "tests/bench/load/movements.h"
#include "tests/bench/load/plan.h"

namespace fundgate::bench {

// Makes `request` ask for this movement; whatever a series of requests shares stays as it is.
inline void Fill(const Movement& movement, v1::CheckRequest& request) {
  if (request.checkpoint().empty()) {
    request.set_checkpoint("refund");
    request.mutable_amount()->set_currency_code(std::string(kCurrency));
    request.mutable_amount()->set_minor_units(kRefund);
    (*request.mutable_attributes())["channel"].set_string_value("app");
  }
  request.set_request_id(movement.key);
  request.set_idempotency_key(movement.key);
  request.set_account_id(movement.account.data(), movement.account.size());
  request.set_order_id(movement.order.data(), movement.order.size());
}

// Why this isn't the decision that the plan's movements must get; empty if it is.
inline std::string ProblemOf(const Plan& plan, const v1::Decision& decision) {
  const bool is_old = plan.shop.keys == Keys::kOld;
  const bool is_right = is_old ? decision.verdict() == v1::VERDICT_BLOCK &&
                                     decision.reasons(0).code() == v1::REASON_CODE_ALREADY_MOVED
                               : decision.verdict() == v1::VERDICT_ALLOW;
  if (is_right) return "";
  return absl::StrCat(is_old ? "not known to have moved: " : "not allowed: ",
                      decision.reasons().empty() ? "" : decision.reasons(0).message());
}

// Connections that are shared with nobody.
inline std::vector<std::unique_ptr<v1::Gate::Stub>> Connect(const std::string& address,
                                                            size_t connections) {
  std::vector<std::unique_ptr<v1::Gate::Stub>> stubs;
  for (size_t i = 0; i < connections; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stubs.push_back(v1::Gate::NewStub(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)));
  }
  return stubs;
}

}  // namespace fundgate::bench

#endif  // TESTS_BENCH_LOAD_REQUESTS_H_
