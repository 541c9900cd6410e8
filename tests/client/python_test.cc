// A client in another language, made from the protos alone, understands the same answers.
#include <sys/wait.h>

#include <cstdio>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_gate.h"
#include "tests/places/places.h"

namespace fundgate {
namespace {

using ::fundgate::testing::Answers;
using ::fundgate::testing::DecisionOn;
using ::fundgate::testing::FakeGate;

TEST(PythonClient, MakesACheckFromTheProtosAlone) {
  Answers answers;
  answers.check = [](int, const v1::CheckRequest& request, v1::Decision* decision) {
    *decision = DecisionOn(request, v1::VERDICT_BLOCK);
    v1::Reason& reason = *decision->add_reasons();
    reason.set_code(v1::REASON_CODE_INVARIANT);
    reason.set_name("refunds_within_paid");
    reason.set_message("too much");
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const std::string command =
      "/usr/bin/python3 " + places::Source("tests/end_to_end/python_check.py") +
      " refund --address " + gate.address() +
      " --key r1 --account m1 --order o1 --currency CNY --minor-units 10001";
  FILE* python = ::popen(command.c_str(), "r");
  ASSERT_NE(python, nullptr);
  char buffer[1024] = {};
  const size_t size = std::fread(buffer, 1, sizeof(buffer) - 1, python);
  const int status = ::pclose(python);
  EXPECT_EQ(WEXITSTATUS(status), 11);
  EXPECT_EQ(std::string(buffer, size),
            "BLOCK d0000000000000005\n  INVARIANT refunds_within_paid: too much\n");
  EXPECT_EQ(gate.checks().at(0).amount().minor_units(), 10001);
  EXPECT_EQ(gate.checks().at(0).order_id(), "o1");
}

}  // namespace
}  // namespace fundgate
