#include "server/sidecar/feed/feeder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/sidecar/fake_gate.h"
#include "tests/sidecar/transactions.h"

namespace fundgate::feed {
namespace {

using testing::BuilderAt;
using testing::FakeGate;
using testing::GrantAt;
using testing::MakeTransaction;

using Requests = std::vector<v1::IngestRequest>;

FeederOptions Quiet() {
  FeederOptions options;
  options.probe_every = absl::Hours(1);  // but for the first one
  return options;
}

// A feeder at `position` of a gate that is there too, and a primary whose head a test sets.
class Feeding {
 public:
  explicit Feeding(const std::string& position, const FeederOptions& options = Quiet())
      : gate(position),
        feeder(gate.stub(), BuilderAt(position), GrantAt(position).gate_time(), options, counters,
               {.read_head = [this]() -> absl::StatusOr<std::string> {
                  const std::lock_guard lock(mutex_);
                  return head_;
                },
                .on_end = [this] { ended = true; }}) {}

  void SetHead(const std::string& head) {
    const std::lock_guard lock(mutex_);
    head_ = head;
  }

 private:
  std::mutex mutex_;
  std::string head_ = "9-9-9999,0-1-9999";

 public:
  FakeGate gate;
  Counters counters;
  std::atomic<bool> ended = false;
  Feeder feeder;
};

bool HasProbe(const v1::IngestRequest& request) { return request.has_probe(); }

bool IsAt(const Requests& requests, const std::string& position) {
  return !requests.empty() && requests.back().position() == position;
}

// Transactions from this sequence on, until the feeder takes no more; OK if it takes a great many.
absl::Status PushUntilRefused(Feeder& feeder, uint64_t sequence) {
  absl::Status pushed;
  for (int i = 0; pushed.ok() && i < 10'000'000; ++i) {
    pushed = feeder.Push(MakeTransaction(sequence + static_cast<uint64_t>(i), 1));
  }
  return pushed;
}

int EventsOf(const Requests& requests) {
  int events = 0;
  for (const v1::IngestRequest& request : requests) events += request.events_size();
  return events;
}

TEST(Feeder, SendsAtOnceWhenIdleAndDrainsToTheLastAcknowledgement) {
  Feeding feeding("0-1-8");
  ASSERT_TRUE(feeding.feeder.Push(MakeTransaction(9, 1)).ok());
  EXPECT_TRUE(feeding.gate.WaitUntil([](const Requests& all) { return EventsOf(all) == 1; }));
  for (uint64_t sequence = 10; sequence < 500; ++sequence) {
    ASSERT_TRUE(feeding.feeder.Push(MakeTransaction(sequence, 2)).ok());
  }
  EXPECT_TRUE(feeding.feeder.Drain(absl::Seconds(10)).ok());
  EXPECT_EQ(feeding.feeder.acknowledged(), "0-1-499");
  EXPECT_EQ(EventsOf(feeding.gate.applied()), 1 + 2 * 490);
}

TEST(Feeder, GathersManyTransactionsWhileTheGateIsBusy) {
  FeederOptions options = Quiet();
  options.window.requests = 2;
  Feeding feeding("0-1-8", options);
  // The first probe says that the stream is there.
  ASSERT_TRUE(feeding.gate.WaitUntil([](const Requests& all) { return !all.empty(); }));
  feeding.gate.HoldBack(true);
  for (uint64_t sequence = 9; sequence < 1009; ++sequence) {
    ASSERT_TRUE(feeding.feeder.Push(MakeTransaction(sequence, 1)).ok());
  }
  EXPECT_TRUE(feeding.gate.WaitUntil([](const Requests& all) { return all.size() >= 2; }));
  feeding.gate.HoldBack(false);
  EXPECT_TRUE(feeding.feeder.Drain(absl::Seconds(10)).ok());
  EXPECT_EQ(feeding.feeder.acknowledged(), "0-1-1008");
  EXPECT_LT(feeding.gate.applied().size(), 20U);
}

TEST(Feeder, AGateThatAcknowledgesNothingHoldsTheReaderBack) {
  FeederOptions options = Quiet();
  options.window.requests = 1;
  options.queued_transactions_max = 10;
  Feeding feeding("0-1-8", options);
  ASSERT_TRUE(feeding.gate.WaitUntil([](const Requests& all) { return !all.empty(); }));
  feeding.gate.HoldBack(true);
  std::atomic<int> pushed = 0;
  std::future<void> reader = std::async(std::launch::async, [&feeding, &pushed] {
    for (uint64_t sequence = 9; sequence < 109; ++sequence) {
      EXPECT_TRUE(feeding.feeder.Push(MakeTransaction(sequence, 1)).ok());
      ++pushed;
    }
  });
  // At most what is in the request under way, in the one that waits for it, and in the queue.
  EXPECT_EQ(reader.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  EXPECT_LE(pushed, 10 + 10 + 10);
  feeding.gate.HoldBack(false);
  reader.get();
  EXPECT_TRUE(feeding.feeder.Drain(absl::Seconds(10)).ok());
  EXPECT_EQ(EventsOf(feeding.gate.applied()), 100);
}

TEST(Feeder, PositionsOfTransactionsWithoutEventsGoTogetherAndDontWaitForEver) {
  Feeding feeding("0-1-8");
  ASSERT_TRUE(feeding.gate.WaitUntil([](const Requests& all) { return !all.empty(); }));
  for (uint64_t sequence = 9; sequence < 5009; ++sequence) {
    ASSERT_TRUE(feeding.feeder.Push(MakeTransaction(sequence, 0)).ok());
  }
  EXPECT_TRUE(feeding.gate.WaitUntil([](const Requests& all) { return IsAt(all, "0-1-5008"); }));
  EXPECT_LT(feeding.gate.applied().size(), 50U);
  EXPECT_TRUE(feeding.feeder.Drain(absl::Seconds(10)).ok());
}

TEST(Feeder, AProbeSaysTheHeadAndATimeOfTheGateBeforeItWasRead) {
  Feeding feeding("0-1-8");
  feeding.SetHead("0-1-20");
  ASSERT_TRUE(feeding.gate.WaitUntil([](const Requests& all) { return !all.empty(); }));
  EXPECT_EQ(feeding.gate.applied()[0].probe().read_after().seconds(), 50);  // the grant's
  feeding.gate.AskForProbe();
  ASSERT_TRUE(feeding.gate.WaitUntil([](const Requests& all) {
    return all.size() > 1 && all.back().has_probe() &&
           all.back().probe().read_after().seconds() > 50;
  }));
  const v1::IngestRequest asked = feeding.gate.applied().back();
  EXPECT_EQ(asked.probe().head_position(), "0-1-20");
  // The gate's own time, of its first acknowledgement or of its question.
  EXPECT_GE(asked.probe().read_after().seconds(), 100);
  EXPECT_LE(asked.probe().read_after().seconds(), 101);
  EXPECT_TRUE(feeding.feeder.Drain(absl::Seconds(10)).ok());
}

TEST(Feeder, ProbesOnABeatWithoutBeingAsked) {
  FeederOptions options;
  options.probe_every = absl::Milliseconds(1);
  Feeding feeding("0-1-8", options);
  EXPECT_TRUE(feeding.gate.WaitUntil(
      [](const Requests& all) { return std::count_if(all.begin(), all.end(), HasProbe) >= 5; }));
  EXPECT_TRUE(feeding.feeder.Drain(absl::Seconds(10)).ok());
  EXPECT_GE(feeding.counters.probes, 5U);
}

TEST(Feeder, AHeadBeforeWhatWasReadEndsItWithoutAProbe) {
  FeederOptions options;
  options.probe_every = absl::Milliseconds(1);
  Feeding feeding("0-1-8", options);
  ASSERT_TRUE(feeding.feeder.Push(MakeTransaction(9, 1)).ok());
  ASSERT_TRUE(feeding.gate.WaitUntil([](const Requests& all) { return IsAt(all, "0-1-9"); }));
  feeding.SetHead("0-1-3");
  EXPECT_FALSE(PushUntilRefused(feeding.feeder, 10).ok());
  const absl::Status end = feeding.feeder.Drain(absl::Seconds(10));
  EXPECT_TRUE(absl::IsUnavailable(end));
  EXPECT_NE(end.message().find("it was made anew"), std::string::npos);
  for (const v1::IngestRequest& request : feeding.gate.applied()) {
    EXPECT_NE(request.probe().head_position(), "0-1-3");
  }
}

TEST(Feeder, AnEpochThatIsFencedOffEndsItWithTheGatesWord) {
  Feeding feeding("0-1-8");
  ASSERT_TRUE(feeding.gate.WaitUntil([](const Requests& all) { return !all.empty(); }));
  feeding.gate.EndWith({grpc::StatusCode::ABORTED, "epoch 3 is fenced off"});
  EXPECT_FALSE(PushUntilRefused(feeding.feeder, 9).ok());
  const absl::Status end = feeding.feeder.Drain(absl::Seconds(10));
  EXPECT_TRUE(feeding.ended);
  EXPECT_TRUE(absl::IsAborted(end)) << end;
  EXPECT_EQ(end.message(), "epoch 3 is fenced off");
}

TEST(Feeder, AGateThatStaysSilentIsGivenUp) {
  FeederOptions options;
  options.probe_every = absl::Milliseconds(1);
  options.patience = absl::Milliseconds(20);
  Feeding feeding("0-1-8", options);
  feeding.gate.HoldBack(true);
  EXPECT_FALSE(PushUntilRefused(feeding.feeder, 9).ok());
  const absl::Status end = feeding.feeder.Drain(absl::Seconds(10));
  EXPECT_TRUE(absl::IsUnavailable(end)) << end;
  EXPECT_NE(end.message().find("acknowledged nothing"), std::string::npos);
}

TEST(Feeder, DrainingAGateThatStaysSilentEndsInTime) {
  Feeding feeding("0-1-8");
  ASSERT_TRUE(feeding.gate.WaitUntil([](const Requests& all) { return !all.empty(); }));
  feeding.gate.HoldBack(true);
  ASSERT_TRUE(feeding.feeder.Push(MakeTransaction(9, 1)).ok());
  EXPECT_FALSE(feeding.feeder.Drain(absl::Milliseconds(20)).ok());
}

TEST(Feeder, GivesUpWhatIsUnderWayWhenItGoes) {
  Feeding feeding("0-1-8");
  feeding.gate.HoldBack(true);
  for (uint64_t sequence = 9; sequence < 100; ++sequence) {
    ASSERT_TRUE(feeding.feeder.Push(MakeTransaction(sequence, 1)).ok());
  }
  EXPECT_FALSE(feeding.ended);
}

}  // namespace
}  // namespace fundgate::feed
