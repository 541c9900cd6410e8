#include "server/export/outbox_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace fundgate::exporting {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// An outbox in memory.
class FakeOutbox {
 public:
  Outbox AsOutbox() {
    Outbox outbox;
    outbox.list = [this]() -> absl::StatusOr<std::vector<Waiting>> {
      const std::lock_guard<std::mutex> lock(mutex_);
      return waiting_;
    };
    outbox.open_groups = [this]() -> absl::StatusOr<std::vector<v1::Alert>> {
      const std::lock_guard<std::mutex> lock(mutex_);
      return open_groups_;
    };
    outbox.delivered = [this](const std::vector<std::pair<std::string, std::string>>& alerts) {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (const auto& [slot, id] : alerts) {
        delivered_.push_back(id);
        if (loses_) continue;
        std::erase_if(waiting_, [&id = id](const Waiting& w) { return w.alert.id() == id; });
      }
      changed_.notify_all();
      return absl::OkStatus();
    };
    outbox.note = [this](const v1::DeliveryAttempt& attempt) {
      const std::lock_guard<std::mutex> lock(mutex_);
      attempts_.push_back(attempt);
      changed_.notify_all();
    };
    return outbox;
  }

  void Add(const std::string& id, const std::string& endpoint = "") {
    const std::lock_guard<std::mutex> lock(mutex_);
    Waiting entry{"slot of " + id, {}};
    entry.alert.set_id(id);
    entry.alert.set_kind(endpoint.empty() ? v1::ALERT_KIND_OPENED : v1::ALERT_KIND_CALL);
    entry.alert.set_endpoint(endpoint);
    waiting_.push_back(entry);
  }
  void AddOpenGroup(const std::string& id) {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_groups_.emplace_back().set_id(id);
  }
  void LoseWhatIsDelivered(bool loses) {
    const std::lock_guard<std::mutex> lock(mutex_);
    loses_ = loses;
  }

  std::vector<std::string> AwaitDelivered(size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return delivered_.size() >= count; });
    return delivered_;
  }
  v1::DeliveryAttempt AwaitFailure() {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto failed = [this] {
      return std::find_if(attempts_.begin(), attempts_.end(),
                          [](const v1::DeliveryAttempt& a) { return !a.delivered(); });
    };
    changed_.wait(lock, [&] { return failed() != attempts_.end(); });
    return *failed();
  }
  std::vector<std::string> WaitingIds() {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<std::string> ids;
    for (const Waiting& entry : waiting_) ids.push_back(entry.alert.id());
    return ids;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Waiting> waiting_;
  std::vector<v1::Alert> open_groups_;
  std::vector<std::string> delivered_;
  std::vector<v1::DeliveryAttempt> attempts_;
  bool loses_ = false;
};

// What a sink was told, kept by the test beyond the sink's life.
struct Told {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> ids;

  std::vector<std::string> Await(size_t count) {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return ids.size() >= count; });
    return ids;
  }
};

class FakeSink final : public Sink {
 public:
  using Answer = std::function<absl::Status(int n)>;

  FakeSink(std::string name, Told& told, Answer answer = nullptr, bool calls = false,
           absl::Duration repeat_every = absl::ZeroDuration())
      : name_(std::move(name)),
        told_(told),
        answer_(std::move(answer)),
        calls_(calls),
        repeat_every_(repeat_every) {}

  const std::string& name() const override { return name_; }
  bool takes_calls() const override { return calls_; }
  absl::Duration repeat_every() const override { return repeat_every_; }
  absl::Status Tell(const v1::Alert& alert) override {
    absl::Status status = answer_ ? answer_(++tells_) : absl::OkStatus();
    const std::lock_guard<std::mutex> lock(told_.mutex);
    told_.ids.push_back(alert.id());
    told_.changed.notify_all();
    return status;
  }

 private:
  const std::string name_;
  Told& told_;
  const Answer answer_;
  const bool calls_;
  const absl::Duration repeat_every_;
  int tells_ = 0;
};

constexpr ReaderOptions kQuick{.shortest_wait = absl::Milliseconds(1),
                               .longest_wait = absl::Milliseconds(4),
                               .look_every = absl::Milliseconds(5),
                               .say_again = absl::Milliseconds(1)};

template <typename... Sinks>
std::vector<std::unique_ptr<Sink>> List(Sinks... sinks) {
  std::vector<std::unique_ptr<Sink>> list;
  (list.push_back(std::move(sinks)), ...);
  return list;
}

TEST(OutboxReader, DeliversTheOldestFirstAndEmptiesTheOutbox) {
  FakeOutbox outbox;
  Told told;
  outbox.Add("a1");
  outbox.Add("a2");
  const OutboxReader reader(outbox.AsOutbox(), List(std::make_unique<FakeSink>("log", told)),
                            kQuick);
  outbox.AwaitDelivered(2);
  EXPECT_THAT(told.Await(2), ElementsAre("a1", "a2"));
  EXPECT_THAT(outbox.WaitingIds(), IsEmpty());
}

TEST(OutboxReader, TriesAgainWhatFailedUnderTheSameId) {
  FakeOutbox outbox;
  Told told;
  outbox.Add("a1");
  const auto third_time = [](int n) {
    return n < 3 ? absl::UnavailableError("down") : absl::OkStatus();
  };
  const OutboxReader reader(outbox.AsOutbox(),
                            List(std::make_unique<FakeSink>("webhook", told, third_time)), kQuick);
  EXPECT_EQ(outbox.AwaitFailure().error(), "down");
  outbox.AwaitDelivered(1);
  EXPECT_THAT(told.Await(3), ElementsAre("a1", "a1", "a1"));
}

TEST(OutboxReader, OneSinkThatIsDownHoldsUpNoOtherAndTheAlertWaitsForIt) {
  FakeOutbox outbox;
  Told up;
  Told down;
  outbox.Add("a1");
  outbox.Add("a2");
  const auto never = [](int) { return absl::UnavailableError("down"); };
  OutboxReader reader(outbox.AsOutbox(),
                      List(std::make_unique<FakeSink>("webhook", down, never),
                           std::make_unique<FakeSink>("log", up)),
                      kQuick);
  EXPECT_THAT(up.Await(2), ElementsAre("a1", "a2"));
  down.Await(5);
  EXPECT_THAT(outbox.WaitingIds(), ElementsAre("a1", "a2"));
  reader.Stop();
  EXPECT_THAT(up.ids, SizeIs(2));  // told once, however long it waits
}

TEST(OutboxReader, OneThatIsRefusedDoesNotHoldUpTheOthers) {
  FakeOutbox outbox;
  Told told;
  outbox.Add("bad");
  outbox.Add("good");
  const auto first_is_bad = [](int n) {
    return n == 1 ? absl::InvalidArgumentError("answered 400") : absl::OkStatus();
  };
  const OutboxReader reader(
      outbox.AsOutbox(), List(std::make_unique<FakeSink>("webhook", told, first_is_bad)), kQuick);
  EXPECT_THAT(outbox.AwaitDelivered(2), ElementsAre("good", "bad"));
}

TEST(OutboxReader, WhatWasDeliveredButNotForgottenIsDeliveredAgainByTheNextOne) {
  FakeOutbox outbox;
  Told told;
  outbox.Add("a1");
  outbox.LoseWhatIsDelivered(true);
  {
    const OutboxReader reader(outbox.AsOutbox(), List(std::make_unique<FakeSink>("log", told)),
                              kQuick);
    outbox.AwaitDelivered(3);  // it says so again and again, but tells nobody twice
  }
  EXPECT_THAT(told.ids, ElementsAre("a1"));
  outbox.LoseWhatIsDelivered(false);
  const OutboxReader next(outbox.AsOutbox(), List(std::make_unique<FakeSink>("log", told)), kQuick);
  EXPECT_THAT(told.Await(2), ElementsAre("a1", "a1"));
}

TEST(OutboxReader, CallsGoToTheirEndpointAndToNobodyElse) {
  FakeOutbox outbox;
  Told log;
  Told items;
  outbox.Add("a1", "item_service");
  const OutboxReader reader(outbox.AsOutbox(),
                            List(std::make_unique<FakeSink>("log", log),
                                 std::make_unique<FakeSink>("item_service", items, nullptr, true)),
                            kQuick);
  EXPECT_THAT(outbox.AwaitDelivered(1), ElementsAre("a1"));
  EXPECT_THAT(items.ids, ElementsAre("a1"));
  EXPECT_THAT(log.ids, IsEmpty());
}

TEST(OutboxReader, ACallWithoutAnEndpointWaitsAndIsNoted) {
  FakeOutbox outbox;
  Told log;
  outbox.Add("a1", "item_service");
  const OutboxReader reader(outbox.AsOutbox(), List(std::make_unique<FakeSink>("log", log)),
                            kQuick);
  const v1::DeliveryAttempt attempt = outbox.AwaitFailure();
  EXPECT_EQ(attempt.sink(), "item_service");
  EXPECT_THAT(attempt.error(), HasSubstr("--action item_service=URL"));
  EXPECT_THAT(outbox.WaitingIds(), ElementsAre("a1"));
}

TEST(OutboxReader, AReceiverThatForgetsIsToldOfWhatIsOpenAgain) {
  FakeOutbox outbox;
  Told told;
  outbox.AddOpenGroup("g1");
  const OutboxReader reader(
      outbox.AsOutbox(),
      List(std::make_unique<FakeSink>("alertmanager", told, nullptr, false, absl::Milliseconds(1))),
      kQuick);
  EXPECT_THAT(told.Await(3), ElementsAre("g1", "g1", "g1"));
}

TEST(OutboxReader, IsWokenByAChange) {
  FakeOutbox outbox;
  Told told;
  ReaderOptions patient = kQuick;
  patient.look_every = absl::Hours(1);
  OutboxReader reader(outbox.AsOutbox(), List(std::make_unique<FakeSink>("log", told)), patient);
  outbox.Add("a1");
  reader.Wake();
  EXPECT_THAT(told.Await(1), ElementsAre("a1"));
}

}  // namespace
}  // namespace fundgate::exporting
