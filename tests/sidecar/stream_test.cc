// From the bytes of a binlog to what a gate gets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/sidecar/binlog/reader.h"
#include "server/sidecar/feed/feeder.h"
#include "server/sidecar/feed/stager.h"
#include "server/sidecar/sources/file_position.h"
#include "tests/decoder/event_builder.h"
#include "tests/mapping/rows.h"
#include "tests/sidecar/fake_gate.h"
#include "tests/sidecar/transactions.h"

namespace fundgate::feed {
namespace {

using binlog::EventType;
using decoder_testing::Body;
using decoder_testing::EventBytes;
using decoder_testing::kMySql;
using decoder_testing::MakeEvent;
using decoder_testing::MakeFormat;
using decoder_testing::MakeMariaDbGtid;
using decoder_testing::MakePayload;
using decoder_testing::MakeQuery;
using decoder_testing::MakeRows;
using decoder_testing::MakeTableMap;
using decoder_testing::MakeXid;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Requests = std::vector<v1::IngestRequest>;

constexpr auto kUnknownType = static_cast<EventType>(200);
constexpr char kUuid[] = "30313233-3435-3637-3839-616263646566";

EventBytes MakeMysqlGtid(uint64_t number) {
  return MakeEvent(EventType::kGtid, Body().Byte(1).Text("0123456789abcdef").Little(number, 8));
}

EventBytes MakeIncident() {
  return MakeEvent(EventType::kIncident, Body().Little(1, 2).ShortText("gone"));
}

// An event that ends there in its file.
EventBytes EndingAt(uint32_t position, EventBytes event) {
  constexpr size_t kEndPositionAt = 13;
  for (size_t i = 0; i < 4; ++i) {
    event[kEndPositionAt + i] = static_cast<uint8_t>(position >> (8 * i));
  }
  decoder_testing::FixChecksum(event);
  return event;
}

// A stream's reader and stager, as a session joins them, and what became of it.
class Stream {
 public:
  Stream(const std::string& position, PositionForm form, StagerOptions options = {})
      : stager_(mapper_, WithPosition(std::move(options), position, form), log_, counters_,
                [this](Transaction transaction) { return Take(std::move(transaction)); }),
        reader_(stager_, {.file_name = "mysql-bin.000003"}) {}

  absl::Status Read(const std::vector<EventBytes>& events) {
    absl::Status status;
    for (size_t i = 0; i < events.size() && status.ok(); ++i) status = reader_.Apply(events[i], i);
    return status;
  }

  std::vector<Transaction> taken;
  std::vector<std::string> errors;
  std::function<absl::Status(Transaction transaction)> sink;

 private:
  StagerOptions WithPosition(StagerOptions options, const std::string& position,
                             PositionForm form) {
    options.position = *SourcePosition::Parse(position, form);
    options.step_of = [this, form](const binlog::TransactionHead& head) -> absl::StatusOr<Step> {
      if (form != PositionForm::kFiles) return StepOfTransaction(head.id, form);
      const sources::FilePlace end{reader_.file_name(), reader_.last_end()};
      return Step{sources::StreamOf(end, kUuid), *sources::NumberOf(end), std::nullopt};
    };
    return options;
  }

  absl::Status Take(Transaction transaction) {
    if (sink != nullptr) return sink(std::move(transaction));
    taken.push_back(std::move(transaction));
    return absl::OkStatus();
  }

  Counters counters_;
  sidecar::Log log_{[this](const logging::Line& line) {
    if (line.severity == sidecar::Severity::kError) errors.push_back(logging::ToText(line));
  }};
  mapping::RowMapper mapper_ = *mapping::RowMapper::Create(
      mapping::testing::DocumentOf(mapping::testing::RefundTable()), "pay_db");
  Stager stager_;
  binlog::Reader reader_;
};

std::vector<v1::Event> EventsOf(Transaction& transaction) {
  std::vector<v1::Event> events;
  while (!transaction.events.empty()) {
    events.push_back(**transaction.events.Front());
    transaction.events.Pop();
  }
  return events;
}

std::vector<EventBytes> Payload() {
  return {MakeQuery("BEGIN"), MakeTableMap({}),
          MakeRows(EventType::kWriteRows, 7, 1, Body().Little(1, 4)), MakeXid()};
}

TEST(CompressedTransactions, BearTheirGtid) {
  Stream stream("", PositionForm::kGtidSets);
  ASSERT_TRUE(stream
                  .Read({MakeFormat(kMySql), MakeMysqlGtid(7), MakePayload(Payload()),
                         MakeMysqlGtid(8), MakePayload(Payload())})
                  .ok());
  ASSERT_EQ(stream.taken.size(), 2U);
  EXPECT_EQ(stream.taken[0].step.ToString(), std::string(kUuid) + ":7");
  EXPECT_EQ(stream.taken[1].step.ToString(), std::string(kUuid) + ":8");
  EXPECT_THAT(stream.errors, IsEmpty());
}

// What is inside has offsets of its own, which are no places in the file.
TEST(CompressedTransactions, EndWhereTheirEventDoesInTheFile) {
  Stream stream("", PositionForm::kFiles);
  std::vector<EventBytes> inside = Payload();
  for (EventBytes& event : inside) event = EndingAt(77, event);
  const EventBytes anonymous =
      MakeEvent(EventType::kAnonymousGtid, Body().Byte(1).Text("0123456789abcdef").Little(0, 8));
  ASSERT_TRUE(
      stream
          .Read({MakeFormat(kMySql), EndingAt(500, anonymous), EndingAt(900, MakePayload(inside)),
                 EndingAt(1000, anonymous), EndingAt(1400, MakePayload(inside))})
          .ok());
  ASSERT_EQ(stream.taken.size(), 2U);
  EXPECT_EQ(stream.taken[0].step.number, (uint64_t{3} << 32) + 900);
  EXPECT_EQ(stream.taken[1].step.number, (uint64_t{3} << 32) + 1400);
}

TEST(BetweenTransactions, WhatCannotBeReadIsToldWithTheNextOne) {
  for (const EventBytes& event : {MakeEvent(kUnknownType, Body().Little(1, 8)), MakeIncident()}) {
    std::vector<bool> untold;
    StagerOptions options;
    options.on_untold = [&untold](bool waits) { untold.push_back(waits); };
    Stream stream("0-9-1", PositionForm::kGtids, options);
    ASSERT_TRUE(stream.Read({MakeFormat(), MakeMariaDbGtid(2), MakeXid(), event}).ok());
    ASSERT_EQ(stream.taken.size(), 1U);
    EXPECT_TRUE(stream.taken[0].events.empty());
    EXPECT_EQ(untold, std::vector<bool>{true});
    ASSERT_EQ(stream.errors.size(), 1U);
    EXPECT_THAT(stream.errors[0], HasSubstr("mysql-bin.000003:3"));
    ASSERT_TRUE(stream.Read({MakeMariaDbGtid(3), MakeXid(), MakeMariaDbGtid(4), MakeXid()}).ok());
    EXPECT_EQ(untold, (std::vector<bool>{true, false}));
    ASSERT_EQ(stream.taken.size(), 3U);
    const auto events = EventsOf(stream.taken[1]);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].gap().movement_kind(), "refund");
    EXPECT_EQ(events[0].event_id(), "0-9-3");
    EXPECT_TRUE(stream.taken[2].events.empty());
  }
}

TEST(BetweenTransactions, SoItIsWithTheGtidsOfMysql) {
  Stream stream("", PositionForm::kGtidSets);
  ASSERT_TRUE(stream
                  .Read({MakeFormat(kMySql), MakeIncident(), MakeIncident(), MakeMysqlGtid(7),
                         MakeQuery("BEGIN"), MakeXid()})
                  .ok());
  ASSERT_EQ(stream.taken.size(), 1U);
  EXPECT_EQ(EventsOf(stream.taken[0]).size(), 1U);
}

TEST(BetweenTransactions, APlaceInAFileIsOneItself) {
  Stream stream("", PositionForm::kFiles);
  ASSERT_TRUE(stream.Read({MakeFormat(kMySql), EndingAt(700, MakeIncident())}).ok());
  ASSERT_EQ(stream.taken.size(), 1U);
  EXPECT_EQ(stream.taken[0].step.number, (uint64_t{3} << 32) + 700);
  EXPECT_EQ(EventsOf(stream.taken[0]).size(), 1U);
}

TEST(BetweenTransactions, ItWaitsOverOneThatACrashCutOffAndThatHasNotHappened) {
  Stream stream("0-9-1", PositionForm::kGtids);
  ASSERT_TRUE(stream
                  .Read({MakeFormat(), MakeIncident(), MakeMariaDbGtid(2), MakeFormat(),
                         MakeMariaDbGtid(2), MakeXid()})
                  .ok());
  ASSERT_EQ(stream.taken.size(), 1U);
  EXPECT_EQ(EventsOf(stream.taken[0]).size(), 1U);
}

TEST(BetweenTransactions, WhereThePolicySaysSoItStopsThere) {
  StagerOptions options;
  options.stops_at_gap = true;
  Stream stream("0-9-1", PositionForm::kGtids, options);
  const absl::Status status =
      stream.Read({MakeFormat(), MakeMariaDbGtid(2), MakeXid(), MakeIncident()});
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(status.ToString(), HasSubstr("on_gap: stop"));
  EXPECT_EQ(stream.taken.size(), 1U);
}

// An anonymous transaction of MySQL is one: nothing is passed over.
TEST(BetweenTransactions, ATransactionWithoutANameStandsNowhere) {
  Stream stream("", PositionForm::kGtidSets);
  EXPECT_TRUE(
      absl::IsFailedPrecondition(stream.Read({MakeFormat(kMySql), MakeQuery("BEGIN"), MakeXid()})));
}

TEST(BetweenTransactions, NothingIsProvenBeforeItIsTold) {
  testing::FakeGate gate("0-9-1");
  Counters counters;
  FeederOptions quick;
  quick.probe_every = absl::Milliseconds(1);
  // What was read of the primary before the event was, proves nothing past it.
  std::atomic<bool> is_met = false;
  std::atomic<int> reads = 0;
  Feeder feeder(gate.stub(), testing::BuilderAt("0-9-1"), testing::GrantAt("0-9-1").gate_time(),
                quick, counters,
                {.read_head = [&]() -> absl::StatusOr<std::string> {
                   if (!is_met) return "0-9-8";
                   ++reads;
                   return "0-9-9";
                 },
                 .on_end = [] {}});
  const auto proves = [](const v1::IngestRequest& request) {
    return request.probe().head_position() == "0-9-9";
  };
  StagerOptions options;
  options.on_untold = [&feeder](bool waits) { feeder.HoldProbes(waits); };
  Stream stream("0-9-1", PositionForm::kGtids, options);
  stream.sink = [&feeder](Transaction transaction) { return feeder.Push(std::move(transaction)); };
  ASSERT_TRUE(stream.Read({MakeFormat(), MakeMariaDbGtid(2), MakeXid()}).ok());
  ASSERT_TRUE(
      gate.WaitUntil([](const Requests& all) { return !all.empty() && all.back().has_probe(); }));
  ASSERT_TRUE(stream.Read({MakeIncident()}).ok());
  is_met = true;
  while (reads < 20) std::this_thread::yield();
  ASSERT_TRUE(stream.Read({MakeMariaDbGtid(3), MakeXid()}).ok());
  ASSERT_TRUE(gate.WaitUntil([&proves](const Requests& all) {
    return all.back().position() == "0-9-3" && proves(all.back());
  }));
  // The gap comes no later than the first that proves past it.
  const Requests all = gate.applied();
  const auto told = std::find_if(all.begin(), all.end(), [](const v1::IngestRequest& request) {
    return request.events_size() > 0;
  });
  ASSERT_NE(told, all.end());
  EXPECT_TRUE(told->events(0).has_gap());
  EXPECT_TRUE(std::none_of(all.begin(), told, proves));
  EXPECT_TRUE(feeder.Drain(absl::Seconds(10)).ok());
}

}  // namespace
}  // namespace fundgate::feed
