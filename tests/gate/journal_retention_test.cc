#include "server/gate/journal_retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/gate/gate_world.h"

namespace fundgate::gate {
namespace {

using ::testing::AllOf;
using testing::GateWorld;
using ::testing::HasSubstr;
using testing::Refund;

// The system's, and ahead of it by as much as the test says.
struct Clock {
  std::atomic<int64_t> ahead_nanos{0};

  sequencer::TimeSources Sources() {
    const sequencer::TimeSources system = sequencer::TimeSources::System();
    return {[this, system] { return system.wall() + absl::Nanoseconds(ahead_nanos.load()); },
            [this, system] { return system.steady() + absl::Nanoseconds(ahead_nanos.load()); },
            nullptr};
  }
  void Advance(absl::Duration by) { ahead_nanos += absl::ToInt64Nanoseconds(by); }
};

class Retention : public ::testing::Test {
 protected:
  Retention()
      : world_([this](ServerSettings& settings) { settings.time = clock_.Sources(); }),
        feeder_(world_.Feed()) {}

  void Pay(int times) {
    for (int i = 0; i < times; ++i) {
      const std::string name = std::to_string(++payments_);
      feeder_->Happened("payment", "p" + name, "o" + name, 1000);
    }
  }

  store::CutReport Cut(absl::Duration keep) {
    store::CutOptions options;
    const absl::StatusOr<store::CutReport> report =
        world_.server().CutJournal(keep, std::move(options));
    EXPECT_TRUE(report.ok()) << report.status();
    Pay(1);  // from then on it is seen
    return report.value_or(store::CutReport{});
  }

  v1::VerifyJournalResponse Verify(const std::vector<uint64_t>& places) {
    v1::VerifyJournalRequest request;
    for (const uint64_t place : places) request.add_places(place);
    grpc::ClientContext context;
    const auto reader = world_.audit->VerifyJournal(&context, request);
    v1::VerifyJournalResponse all;
    for (v1::VerifyJournalResponse some; reader->Read(&some);) {
      v1::VerifyJournalResponse so_far = some;
      so_far.mutable_places()->CopyFrom(all.places());
      so_far.mutable_places()->MergeFrom(some.places());
      all = so_far;
    }
    EXPECT_TRUE(reader->Finish().ok());
    return all;
  }

  Clock clock_;
  GateWorld world_;
  std::unique_ptr<testing::TestFeeder> feeder_;
  int payments_ = 0;
};

TEST_F(Retention, WhatIsOldIsDroppedAndWhatIsNeededStays) {
  Pay(5);
  const v1::VerifyJournalResponse whole = Verify({1, 4, 5, 6});
  EXPECT_FALSE(whole.has_cut());
  ASSERT_EQ(whole.places_size(), 4);
  const v1::Decision decision = world_.Check(Refund("r1", "o1", 100));
  Pay(5);
  EXPECT_EQ(Cut(absl::Hours(24)).dropped, 0U) << "all is of today";

  clock_.Advance(absl::Hours(24) * 500);
  const store::CutReport report = Cut(absl::Hours(24) * 400);
  EXPECT_EQ(report.first, decision.sequence());
  EXPECT_GT(report.dropped, 5U);
  EXPECT_GT(report.held_back, 0U);
  EXPECT_EQ(report.needed_by, "the key refund r1");

  // The key's decision is told as before.
  v1::GetDecisionRequest request;
  request.set_decision_id(decision.decision_id());
  grpc::ClientContext context;
  v1::Decision found;
  ASSERT_TRUE(world_.gate->GetDecision(&context, request, &found).ok());
  EXPECT_EQ(found.verdict(), decision.verdict());

  // The chain is checked from the cut on, which says what it was tied to.
  const v1::VerifyJournalResponse cut = Verify({1, 4, report.first - 1, report.first});
  EXPECT_TRUE(cut.sound()) << cut.message();
  EXPECT_EQ(cut.cut().first_sequence(), report.first);
  EXPECT_EQ(cut.cut().last_dropped().sequence(), report.first - 1);
  EXPECT_EQ(cut.cut().last_dropped().journal(), whole.places(0).hash());
  ASSERT_EQ(cut.places_size(), 3) << cut.ShortDebugString();
  EXPECT_EQ(cut.places(0).hash(), whole.places(0).hash());
  EXPECT_EQ(cut.places(1).hash(), cut.cut().last_dropped().hash());
  EXPECT_EQ(cut.places(2).sequence(), report.first);
  EXPECT_EQ(cut.records_checked(), cut.last_sequence() - report.first + 1);
}

TEST_F(Retention, AnExportBeginsWithTheOldestRecordThereIs) {
  Pay(10);
  clock_.Advance(absl::Hours(24) * 500);
  Pay(1);
  const store::CutReport report = Cut(absl::Hours(24) * 400);
  ASSERT_GT(report.dropped, 5U);
  v1::ExportTracesRequest request;
  grpc::ClientContext context;
  const auto reader = world_.audit->ExportTraces(&context, request);
  v1::Trace trace;
  ASSERT_TRUE(reader->Read(&trace));
  EXPECT_EQ(trace.sequence(), report.first);
  while (reader->Read(&trace)) {
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_GT(trace.sequence(), report.first);
}

TEST_F(Retention, ADecisionCantBeJudgedAgainWithoutTheRecordsBeforeItAndThatIsSaid) {
  Pay(10);
  clock_.Advance(absl::Hours(24) * 500);
  Pay(1);
  const v1::Decision decision = world_.Check(Refund("r1", "o1", 100));
  ASSERT_GT(Cut(absl::Hours(24) * 400).dropped, 5U);
  v1::ReplayDecisionRequest request;
  request.set_decision_id(decision.decision_id());
  grpc::ClientContext context;
  const auto reader = world_.audit->ReplayDecision(&context, request);
  v1::ReplayDecisionResponse response;
  EXPECT_FALSE(reader->Read(&response));
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), AllOf(HasSubstr("were dropped"), HasSubstr("--since COPY")));
}

TEST_F(Retention, BreakersAndAccountsAreToldAsBefore) {
  Pay(3);
  v1::TripBreakerRequest trip;
  trip.set_scope("refund");
  trip.set_mode(v1::VERDICT_HOLD);
  trip.set_reason("to see");
  trip.set_actor("ann");
  grpc::ClientContext tripping;
  v1::TripBreakerResponse tripped;
  ASSERT_TRUE(world_.breakers->TripBreaker(&tripping, trip, &tripped).ok());
  Pay(10);
  clock_.Advance(absl::Hours(24) * 500);
  Pay(3);
  ASSERT_GT(Cut(absl::Hours(24) * 400).dropped, 10U);
  grpc::ClientContext listing;
  v1::ListBreakersResponse listed;
  ASSERT_TRUE(world_.breakers->ListBreakers(&listing, {}, &listed).ok());
  ASSERT_EQ(listed.breakers_size(), 1);
  EXPECT_EQ(listed.breakers(0).state(), v1::BREAKER_STATE_OPEN);
  v1::GetAccountRequest account;
  account.set_account_id("m1");
  grpc::ClientContext paging;
  v1::GetAccountResponse page;
  const grpc::Status status = world_.audit->GetAccount(&paging, account, &page);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_GT(page.books_size(), 0);
}

// The thread that asks for cuts.
TEST(JournalRetention, ItLooksAgainAtOnceWhileThereIsMoreAndTellsWhatItDid) {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<store::CutOptions> asked;
  RetentionSettings settings;
  settings.keep = absl::Hours(24) * 400;
  settings.look_every = absl::Hours(1);
  settings.most = 10;
  settings.keep_from = [] { return Sequence{77}; };
  const auto cut = [&](absl::Duration keep,
                       store::CutOptions options) -> absl::StatusOr<store::CutReport> {
    const std::lock_guard<std::mutex> lock(mutex);
    EXPECT_EQ(keep, absl::Hours(24) * 400);
    asked.push_back(options);
    changed.notify_all();
    if (asked.size() == 3) return absl::UnavailableError("the disk sleeps");
    store::CutReport report;
    report.dropped = options.most;
    report.held_back = 4;
    return report;
  };
  JournalRetention retention(settings, cut, logging::Log([](const logging::Line&) {}));
  {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&asked] { return asked.size() == 3; });
    EXPECT_EQ(asked[0].most, 10U);
    EXPECT_EQ(asked[0].keep_from, 77U);
  }
  // The failure is counted after the call has returned.
  std::vector<metrics::Family> families;
  const auto value = [&](std::string_view name) {
    families.clear();
    retention.ReadMetrics(families);
    for (const metrics::Family& family : families) {
      if (family.name == name) return family.samples.at(0).value;
    }
    return -1.0;
  };
  while (value("fundgate_journal_cut_failures_total") < 1) std::this_thread::yield();
  EXPECT_EQ(value("fundgate_journal_dropped_records_total"), 20);
  EXPECT_EQ(value("fundgate_journal_held_back_records"), 4);
}

}  // namespace
}  // namespace fundgate::gate
