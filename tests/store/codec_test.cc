#include "server/store/codec.h"

#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include "gtest/gtest.h"
#include "server/store/fields.h"
#include "server/store/journal_record.h"
#include "server/store/records.h"

namespace fundgate::store {
namespace {

template <typename T>
T RoundTrip(const T& value) {
  std::string bytes;
  Encoder encode(bytes);
  encode(value);
  Decoder decode(bytes);
  T again{};
  decode(again);
  EXPECT_TRUE(decode.complete());
  return again;
}

TEST(Codec, NumbersAtTheirEdges) {
  for (const int64_t number :
       {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{63}, int64_t{64}, int64_t{-64}, int64_t{-65},
        std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()}) {
    EXPECT_EQ(RoundTrip(number), number);
  }
  EXPECT_EQ(RoundTrip(std::numeric_limits<uint64_t>::max()), std::numeric_limits<uint64_t>::max());
}

TEST(Codec, TimesWithTheirInfinities) {
  for (const absl::Time time :
       {absl::InfinitePast(), absl::InfiniteFuture(), absl::UnixEpoch(), absl::FromUnixNanos(-1),
        absl::FromUnixNanos(1'800'000'000'000'000'001)}) {
    EXPECT_EQ(RoundTrip(time), time);
  }
}

TEST(Codec, ANumberTooLargeForItsFieldIsRefused) {
  std::string bytes;
  Encoder encode(bytes);
  encode(int64_t{1} << 40);
  Decoder decode(bytes);
  int32_t narrow = 0;
  decode(narrow);
  EXPECT_FALSE(decode.ok());
}

// A record with something in every field.
core::KeyRecord FullKeyRecord() {
  const Money money{Currency::FromCode("CNY").value(), 12345};
  const core::Line line{OrderId("o1"), 12345, {{"fee", 45}, {"net", 12300}}};
  core::Decision decision{
      .id = core::DecisionId(1),
      .request_id = "q",
      .verdict = core::Verdict::kAllow,
      .reasons = {{core::ReasonCode::kInvariant, "n", "m", core::Verdict::kAllow, {{"a", "1"}}}},
      .replayed = true,
      .key = {MovementKind("refund"), IdempotencyKey("r1")},
      .account = AccountId("m1"),
      .amount = money,
      .policy_version = 7,
      .decided_at = absl::FromUnixNanos(1),
      .valid_until = absl::FromUnixNanos(2),
      .overdue_at = absl::FromUnixNanos(3),
      .sources = {{SourceName("s"), Position::Parse("0-1-2").value(), absl::FromUnixNanos(4)}},
      .retry_after = absl::Milliseconds(5),
      .shadow_reasons = {{core::ReasonCode::kRule, "r", "m", core::Verdict::kHold, {}}}};
  core::KeyRecord record;
  record.state = core::KeyState::kAllowed;
  record.generation = 3;
  record.fingerprint = core::Fingerprint{AccountId("m1"), money, {line}, {{"payee", "x"}}};
  record.decision = decision;
  record.reservation = core::Reservation{core::ReservationState::kConfirmed,
                                         money,
                                         {{"order", OrderId("o1"), true, 2, -5}},
                                         absl::FromUnixNanos(6),
                                         absl::FromUnixNanos(7),
                                         true,
                                         true};
  record.moved = record.in_progress = record.event_seen = true;
  record.rows = {{.source = SourceName("s"),
                  .row = {"t", "1"},
                  .part_key = "p",
                  .event_id = "e",
                  .image_hash = 99,
                  .account = AccountId("m1"),
                  .amount = money,
                  .line = line,
                  .counted = true,
                  .shared = line,
                  .said = core::Line{OrderId("o1"), 7, {}},
                  .doubts = {{MovementKind("refund"), AccountId("m1"), OrderId("o1")}},
                  .seen_run = 3}};
  record.past = {{"d0", core::ReservationState::kReleased, money}};
  record.closed_at = absl::FromUnixNanos(8);
  record.changed_at = absl::FromUnixNanos(9);
  record.wake_at = absl::FromUnixNanos(10);
  record.hold = core::Hold{core::HoldState::kApproved,
                           absl::FromUnixNanos(11),
                           absl::FromUnixNanos(12),
                           3,
                           {"d1", "d2"},
                           core::Approval{{{core::ReasonCode::kRule, "large_refund"}},
                                          absl::FromUnixNanos(13),
                                          absl::FromUnixNanos(14)},
                           "bob",
                           "called the shop",
                           "g1"};
  return record;
}

TEST(Records, GiveBackEveryField) {
  const core::KeyRecord record = FullKeyRecord();
  EXPECT_EQ(DecodeRecord<core::KeyRecord>(EncodeRecord(record)).value(), record);
}

TEST(Records, OfWindowsAndRulesGiveBackEveryField) {
  const core::Window window{.meaning = 77,
                            .resolution = absl::Seconds(30),
                            .buckets = {{5, Currency::FromCode("CNY").value(), 2, 300, 200, 1},
                                        {6, Currency::FromCode("USD").value(), 1, 100, 100, 0}},
                            .values = {{"a", 5}, {std::string("\0b", 2), 6}},
                            .wake_at = absl::FromUnixNanos(99),
                            .hours = {{3, 4, 2}, {27, 1, 0}}};
  EXPECT_EQ(DecodeRecord<core::Window>(EncodeRecord(window)).value(), window);
  const core::RuleStatistics seen{.hits = 1,
                                  .shadow_hits = 2,
                                  .errors = 3,
                                  .last_hit = absl::FromUnixNanos(4),
                                  .last_error = absl::FromUnixNanos(5),
                                  .error = "e",
                                  .day = absl::FromUnixNanos(6),
                                  .hits_of_day = 7,
                                  .minute = absl::FromUnixNanos(8),
                                  .violations_of_minute = 9,
                                  .suppressed = 10,
                                  .added_version = 11,
                                  .added_at = absl::FromUnixNanos(12),
                                  .changed_version = 13,
                                  .changed_at = absl::FromUnixNanos(14),
                                  .meaning = 15};
  EXPECT_EQ(DecodeRecord<core::RuleStatistics>(EncodeRecord(seen)).value(), seen);
}

TEST(Records, DecisionsOfTheSecondVersionAreReadWithoutShadowReasons) {
  core::Decision decision = *FullKeyRecord().decision;
  decision.shadow_reasons.clear();
  std::string bytes = EncodeRecord(decision);
  bytes.front() = 2;
  bytes.pop_back();  // no count of shadow reasons
  const auto read = DecodeRecord<core::Decision>(bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, decision);
}

TEST(Records, CutShortAnywhereAreRefused) {
  const std::string bytes = EncodeRecord(FullKeyRecord());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeRecord<core::KeyRecord>(bytes.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(DecodeRecord<core::KeyRecord>(bytes + "x").ok());
}

TEST(Records, OfANewerVersionAreRefused) {
  std::string bytes = EncodeRecord(core::Family{});
  bytes.front() = static_cast<char>(kRecordVersion + 1);
  EXPECT_EQ(DecodeRecord<core::Family>(bytes).status().code(), absl::StatusCode::kDataLoss);
}

TEST(Records, EventsOfTheFirstVersionAreReadWithoutOrigin) {
  const core::Event event{"e1", absl::UnixEpoch(), core::GapEvent{{}, "pay.refund", "torn"}, {}};
  std::string bytes = EncodeRecord(event);
  bytes.front() = 1;
  // No row of the gap, no server id, no statement, no marks, and nothing but changes.
  bytes.resize(bytes.size() - 6);
  const auto read = DecodeRecord<core::Event>(bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, event);
}

TEST(Records, FactsOfTheSecondVersionHaveOneImage) {
  std::string bytes(1, 2);
  Encoder encode(bytes);
  encode(std::string("e1"), absl::UnixEpoch(), uint64_t{1}, std::string("bid"), std::string("k"),
         core::Attributes{{"price", int64_t{7}}}, core::EventOrigin{});
  const auto read = DecodeRecord<core::Event>(bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  const core::FactEvent fact{"bid", "k", AccountId(),
                             {},    {},  core::Attributes{{"price", int64_t{7}}}};
  EXPECT_EQ(std::get<core::FactEvent>(read->body), fact);
}

TEST(Records, WatchesOfEveryKindComeBack) {
  const core::Sighting seen{SourceName("shop"), "e/0",
                            AccountId("m1"),    OrderId("o1"),
                            absl::UnixEpoch(),  {77, "UPDATE", {{"app", "x"}}},
                            "shop.orders",      absl::UnixEpoch()};
  const core::MatchEntry entry{"o1", seen, {core::AttributeValue(int64_t{3}), std::nullopt}};
  const core::MatchWatch match{{entry}, {},  absl::UnixEpoch(), absl::UnixEpoch(), true,
                               false,   true};
  const core::ChainWatch chain{
      Currency::FromCode("CNY").value(), 7, 8, {{seen, "e1", 1, 2, 3}}, {"e0"}};
  const core::TransitionWatch transition{"PAID", seen, {{seen, "SHIPPED"}}, true, {"e/0"}};
  const core::GuardWatch guard{"e/0", 5};
  for (const core::Watch& watch :
       {core::Watch{match, absl::UnixEpoch()}, core::Watch{chain, {}},
        core::Watch{transition, absl::UnixEpoch()}, core::Watch{guard, {}}}) {
    const auto read = DecodeRecord<core::Watch>(EncodeRecord(watch));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, watch);
  }
}

TEST(Records, GuardedChangesComeBack) {
  const core::GuardEvent change{"refund_rows",
                                {"pay.refund", "7"},
                                9,
                                core::RowChange::kDelete,
                                {{"amount", "1", std::nullopt}},
                                AccountId("m1"),
                                IdempotencyKey("r1")};
  const core::Event event{"e1", absl::UnixEpoch(), change, {}};
  const auto read = DecodeRecord<core::Event>(EncodeRecord(event));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, event);
}

TEST(Records, KeysOfTheThirdVersionAreReadWithoutAHold) {
  core::KeyRecord record = FullKeyRecord();
  record.hold.reset();
  record.rows.clear();  // of the fifth version
  std::string bytes = EncodeRecord(record);
  bytes.front() = 3;
  bytes.pop_back();  // no hold
  EXPECT_EQ(DecodeRecord<core::KeyRecord>(bytes).value(), record);
}

TEST(Records, RowsOfTheFourthVersionAreReadWithoutDoubts) {
  core::RowContribution row = FullKeyRecord().rows.front();
  row.said.reset();
  row.doubts.clear();
  row.seen_run = 0;
  std::string bytes = EncodeRecord(row);
  bytes.front() = 4;
  bytes.resize(bytes.size() - 3);  // nothing said otherwise, no doubts, never met by a run
  EXPECT_EQ(DecodeRecord<core::RowContribution>(bytes).value(), row);
}

TEST(Records, GroupsAndAlertsGiveBackEveryField) {
  const core::Remark remark{"ann", "why", absl::FromUnixNanos(5)};
  core::Group group;
  group.id = "g1";
  group.key = {"ungated", {{"currency", "CNY"}, {"table", "pay.refund"}}};
  group.review = {core::ReviewState::kResolved, remark, remark, core::Cause::kBadData};
  group.risk_class = "critical";
  group.since = absl::FromUnixNanos(1);
  group.last_at = absl::FromUnixNanos(2);
  group.count = 3;
  group.open = 2;
  group.found_late = 1;
  group.names = {{"ungated", 3, 2}};
  group.sums = {{Currency::FromCode("CNY").value(), 77}};
  group.common = {{"account", "m1"}};
  group.first = "v1";
  group.newest = "v2";
  group.message = "it moved";
  group.level = 4;
  EXPECT_EQ(DecodeRecord<core::Group>(EncodeRecord(group)).value(), group);
  const core::Alert alert{
      "a1", core::AlertKind::kCall, absl::FromUnixNanos(3), "g1", 2, 9, "action", "endpoint", "v1"};
  EXPECT_EQ(DecodeRecord<core::Alert>(EncodeRecord(alert)).value(), alert);
  core::Violation violation;
  violation.id = "v1";
  violation.occurred_at = absl::FromUnixNanos(4);
  violation.group = "g1";
  violation.review = group.review;
  EXPECT_EQ(DecodeRecord<core::Violation>(EncodeRecord(violation)).value(), violation);
}

TEST(Records, RandomBytesNeverHarmTheReader) {
  std::mt19937_64 random(20261120);
  const std::string good = EncodeRecord(FullKeyRecord());
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = good;
    for (int changes = 0; changes < 3; ++changes) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    (void)DecodeRecord<core::KeyRecord>(bytes);
    (void)DecodeRecord<core::Input>(bytes);
  }
  SUCCEED() << "no crash, and no report of a sanitizer";
}

// A run with something in every field.
core::SnapshotRun RunOf(const std::string& table) {
  core::SnapshotRun run;
  run.run = 3;
  run.state = core::SnapshotState::kSweeping;
  run.history = run.is_whole = run.begin_anew = true;
  run.actor = "ann";
  run.reason = "r";
  run.requested_at = run.begun_at = run.ended_at = absl::UnixEpoch();
  run.mapping_version = 9;
  run.tables = {{table, "x31", 5, true, 6, 7, {"1"}, true}};
  run.swept_to = {MovementKind("refund"), IdempotencyKey("r1")};
  run.rows = 1;
  run.corrected = 2;
  run.taken_back = 3;
  run.violations = 4;
  run.gaps_healed = 5;
  run.problem = "p";
  return run;
}

TEST(Records, RunsAndWhatTheyLeaveComeBack) {
  const core::SnapshotRun run = RunOf("pay.bid");
  EXPECT_EQ(*DecodeRecord<core::SnapshotRun>(EncodeRecord(run)), run);
  core::Gap gap{SourceName("a"), "r", absl::UnixEpoch(), 2, 77, {SourceName("b")}};
  EXPECT_EQ(*DecodeRecord<core::Gap>(EncodeRecord(gap)), gap);
  core::Violation violation;
  violation.history = true;
  EXPECT_EQ(*DecodeRecord<core::Violation>(EncodeRecord(violation)), violation);
  core::Suspect suspect;
  suspect.history = suspect.late_history = true;
  EXPECT_EQ(*DecodeRecord<core::Suspect>(EncodeRecord(suspect)), suspect);
  core::KeyRecord key;
  key.rows.emplace_back().seen_run = 8;
  EXPECT_EQ(*DecodeRecord<core::KeyRecord>(EncodeRecord(key)), key);
}

core::Breaker FullBreaker() {
  core::Breaker breaker;
  breaker.scope = "refund/account:m1";
  breaker.state = core::BreakerState::kHalfOpen;
  breaker.mode = core::Verdict::kBlock;
  breaker.budget = breaker.left = core::Budget{3, Money{Currency::FromCode("JPY").value(), 5}};
  breaker.forced = true;
  breaker.plan = "p";
  breaker.rule = "r";
  breaker.trips = 4;
  breaker.half_open_at = absl::FromUnixNanos(6);
  breaker.failures = 7;
  breaker.proving_since = absl::FromUnixNanos(8);
  breaker.wanted = core::Loosening{"ann",
                                   "why",
                                   absl::FromUnixNanos(9),
                                   breaker.budget,
                                   core::Verdict::kBlock,
                                   absl::FromUnixNanos(10)};
  return breaker;
}

core::PlanRun FullPlanRun() {
  return {"p",
          "ann",
          "r",
          absl::FromUnixNanos(1),
          absl::FromUnixNanos(2),
          3,
          {"*"},
          {FullBreaker()},
          FullBreaker().wanted};
}

core::Lease FullLease() {
  core::Lease lease;
  lease.id = "l1";
  lease.checkpoint = MovementKind("k");
  lease.holder = "pay-1";
  lease.granted = lease.left = *FullBreaker().budget;
  lease.granted_at = absl::FromUnixNanos(1);
  lease.valid_until = absl::FromUnixNanos(2);
  lease.report_by = absl::FromUnixNanos(3);
  lease.unexplained = {{MovementKind("k"), IdempotencyKey("r1")}};
  return lease;
}

TEST(Journal, EveryKindOfInputAndAnswerComesBack) {
  const core::KeyId key{MovementKind("refund"), IdempotencyKey("r1")};
  const AccountId account("m1");
  const std::vector<decltype(core::Input::body)> inputs =
      {core::CheckInput{.request_id = "q",
                        .key = key,
                        .account = account,
                        .attributes = {{"a", true}, {"b", int64_t{5}}, {"c", std::string("x")}},
                        .max_staleness = absl::Seconds(1),
                        .after_positions = {{SourceName("s"), Position::Parse("f:3").value()}}},
       core::ConfirmInput{account, key, "d1", Money{Currency::FromCode("JPY").value(), 5}},
       core::ReleaseInput{account, key, "d1", "r"},
       core::RejectHoldInput{account, key, "d1", "ann", "r"},
       core::GrantEpochInput{SourceName("s"), true, 7},
       core::IngestInput{
           .source = SourceName("s"),
           .epoch = 2,
           .events =
               {{"e1", absl::UnixEpoch(),
                 core::FactEvent{
                     "bid",
                     "k",
                     AccountId("m1"),
                     {"pay.bid", "1"},
                     core::Attributes{{"price", int64_t{1}}},
                     {}}},
                {"e2",
                 absl::UnixEpoch(),
                 core::GapEvent{{MovementKind("k"), account, OrderId()}, "t", "r"},
                 {77, "UPDATE t", {{"request", "q"}}}},
                {"e3", absl::UnixEpoch(),
                 core::MovementEvent{
                     MovementKind("k"), {"t", "1"}, 5, core::Contribution{}, std::nullopt}}},
           .probe = core::Probe{Position(), absl::UnixEpoch()},
           .snapshot = core::SnapshotStep{3, "pay.bid", "x31", 4, 5, true, true, true, "no right"},
           .inside_transaction = true},
       core::TripBreakerInput{"*", core::Verdict::kBlock, "ann", "r", absl::UnixEpoch(), true},
       core::HalfOpenBreakerInput{"*", core::Verdict::kHold, {3, {}}, "ann", "r", {}},
       core::ResetBreakerInput{"*", "ann", "r"},
       core::ApplyPolicyInput{"text", nullptr, "ann", "c", 3},
       core::TickInput{},
       core::ClockDriftInput{absl::Hours(-24)},
       core::AcceptTimeInput{"ann", "r"},
       core::ApproveHoldInput{account, key, "d1", "ann", "r"},
       core::AcknowledgeInput{"v1", "ann", "r"},
       core::ResolveInput{"g1", core::Cause::kWrongRule, "ann", "r"},
       core::DeliveredInput{{{"g1", "a1"}, {"call x", "a2"}}},
       core::ResnapshotInput{SourceName("s"), {"pay.bid"}, true, true, "ann", "r"},
       core::CancelResnapshotInput{SourceName("s"), "ann", "r"},
       core::RunPlanInput{"p", "ann", "r", absl::Minutes(3)},
       core::UndoPlanInput{"p", "ann", "r"},
       core::GrantLeaseInput{MovementKind("k"), "pay-1", "l1"},
       core::ReportLeaseInput{"l1", "pay-1", {.key = key, .account = account}, absl::UnixEpoch()}};
  const std::vector<core::Answer> answers = {core::Decision{},
                                             core::ReservationAnswer{key, account, "d1", {}},
                                             core::EpochGrant{3, {}},
                                             core::IngestAnswer{{}, 2},
                                             core::BreakerAnswer{FullBreaker()},
                                             core::PolicyAnswer{4},
                                             core::Done{},
                                             core::Refusal{absl::FailedPreconditionError("no")},
                                             core::SnapshotAnswer{RunOf("pay.bid")},
                                             core::PlanAnswer{FullPlanRun(), true},
                                             core::LeaseAnswer{FullLease()}};
  ASSERT_EQ(inputs.size(), std::variant_size_v<decltype(core::Input::body)>);
  HashChain chain;
  for (const auto& body : inputs) {
    for (const core::Answer& answer : answers) {
      const core::Input input{absl::FromUnixNanos(77), body};
      const std::string bytes = EncodeJournalBody(5, 1, 2, input, answer);
      const Hash hash = chain.Next(kGenesis, bytes);
      const absl::StatusOr<JournalEntry> entry =
          DecodeJournalValue(5, JournalValue(hash, bytes), kGenesis, chain);
      ASSERT_TRUE(entry.ok()) << entry.status();
      EXPECT_EQ(entry->input, input);
      EXPECT_EQ(entry->answer, answer);
      EXPECT_EQ(entry->policy_version, 2U);
    }
  }
}

TEST(HashChain, IsSha256OfThePreviousHashAndTheRecord) {
  // SHA-256 of 32 zero bytes and "abc", by another implementation.
  HashChain chain;
  EXPECT_EQ(ToHex(chain.Next(kGenesis, "abc")),
            "365aa7d8f7f9402c4b9434502b4cc89ddb09fe50d7cd95b493b834c62d5a5370");
}

}  // namespace
}  // namespace fundgate::store
