#include "tests/end_to_end/crowd.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/gate/gate_world.h"

namespace fundgate::end_to_end {
namespace {

constexpr int kConnections = 4;
constexpr const char* kCheckpoints[] = {"cash_out", "settlement", "refund"};

}  // namespace

Crowd::Crowd(const std::string& address, int calls) : callers_(address, kConnections) {
  for (int i = 0; i < calls; ++i) Ask(kCheckpoints[static_cast<size_t>(i) % 3]);
  thread_ = std::thread([this] { Run(); });
}

void Crowd::Ask(const std::string& checkpoint) {
  v1::CheckRequest request = gate::testing::Refund(absl::StrCat(checkpoint, ++keys_), "o1", 1);
  request.set_checkpoint(checkpoint);
  {
    const std::lock_guard lock(mutex_);
    ++tallies_[checkpoint].asked;
    request.set_request_id(absl::StrCat(mark_, request.idempotency_key()));
  }
  callers_.Ask(request);
}

void Crowd::Run() {
  while (callers_.under_way() > 0) {
    const Answer answer = callers_.Next();
    Heard(answer);
    if (!ending_) Ask(answer.request.checkpoint());
  }
}

void Crowd::Heard(const Answer& answer) {
  const std::lock_guard lock(mutex_);
  Tally& tally = tallies_[answer.request.checkpoint()];
  if (answer.status.ok()) {
    tally.judged.push_back(answer.decision);
  } else {
    ++tally.refused;
    const auto hint = gate::testing::RetryInfoOf(answer.status).retry_delay();
    EXPECT_TRUE(hint.seconds() > 0 || hint.nanos() >= 100'000'000) << hint.ShortDebugString();
  }
  changed_.notify_all();
}

void Crowd::Await(const std::function<bool(const Tallies&)>& enough) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return enough(tallies_); });
}

void Crowd::Mark(const std::string& mark) {
  const std::lock_guard lock(mutex_);
  mark_ = mark;
}

Tallies Crowd::End() {
  ending_ = true;
  if (thread_.joinable()) thread_.join();
  return tallies_;
}

}  // namespace fundgate::end_to_end
