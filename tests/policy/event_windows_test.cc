// Windows over events, as documents declare them and the machine keeps them.
#include "server/core/windows/event_windows.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/core/machine.h"
#include "server/core/state.h"
#include "server/core/windows/window.h"
#include "server/policy/loader.h"
#include "server/policy/tester.h"

namespace fundgate::policy {
namespace {

using core::MovementStatus;
using ::testing::IsEmpty;

constexpr char kStructure[] = R"yaml(
books:
  order: {key: [account_id, order_id], counters: [paid, refunded]}
movements:
  payment: {effects: [+order.paid]}
  refund: {effects: [+order.refunded], gated: true}
checkpoints:
  refund: {}
sources:
  ledger: {report: {emits: [payment, refund, bid]}}
facts:
  bid: {key: bid_id, fields: {bid_id: string, account_id: string, item: string, amount: money,
                              taken: bool}}
attributes: {channel: string}
)yaml";

LoadedPolicy Load(const std::string& rest) {
  LoadResult result = LoadPolicy(absl::StrCat(kStructure, rest), "test.yaml");
  EXPECT_TRUE(result.ok()) << Render(result.problems);
  return *std::move(result.loaded);
}

// The messages of the document's tests that fail.
std::vector<std::string> Failures(const std::string& rest) {
  std::vector<std::string> messages;
  for (const TestResult& test : RunTests(Load(rest))) {
    if (!test.passed) messages.push_back(absl::StrCat(test.name, ": ", test.message));
  }
  return messages;
}

TEST(EventWindows, ASuccessRateIsJudgedOnceThereAreSamplesEnough) {
  EXPECT_THAT(Failures(R"yaml(
windows:
  pay_success: {of: event.payment, span: 10m, ratio: {min_samples: 4}}
rules:
  payments_fail: {on: check, mode: enforce, then: HOLD,
                  when: "windows.pay_success.ratio < rate('0.6')"}
tests:
  - name: three are too few to say
    given:
      - payment: {order_id: o1, account_id: m1, amount: CNY 10.00}
      - payment: {order_id: o1, account_id: m1, amount: CNY 1.00, status: failed}
      - payment: {order_id: o1, account_id: m1, amount: CNY 1.00, status: failed}
    check: {checkpoint: refund, idempotency_key: r, order_id: o1, account_id: m1, amount: CNY 1.00}
    expect: {verdict: ALLOW}
  - name: one of four is too little
    given:
      - payment: {order_id: o1, account_id: m1, amount: CNY 10.00}
      - payment: {order_id: o1, account_id: m1, amount: CNY 1.00, status: failed}
      - payment: {order_id: o1, account_id: m1, amount: CNY 1.00, status: failed}
      - payment: {order_id: o1, account_id: m1, amount: CNY 1.00, status: failed}
    check: {checkpoint: refund, idempotency_key: r, order_id: o1, account_id: m1, amount: CNY 1.00}
    expect: {verdict: HOLD, reason: payments_fail}
  - name: what is on its way is no sample
    given:
      - payment: {order_id: o1, account_id: m1, amount: CNY 10.00}
      - payment: {order_id: o1, account_id: m1, amount: CNY 1.00, status: failed}
      - payment: {order_id: o1, account_id: m1, amount: CNY 1.00, status: failed}
      - payment: {order_id: o1, account_id: m1, amount: CNY 1.00, status: in_progress}
    check: {checkpoint: refund, idempotency_key: r, order_id: o1, account_id: m1, amount: CNY 1.00}
    expect: {verdict: ALLOW}
  - name: and it is forgotten
    given:
      - payment: {order_id: o1, account_id: m1, amount: CNY 10.00}
      - payment: {order_id: o1, account_id: m1, amount: CNY 1.00, status: failed}
      - payment: {order_id: o1, account_id: m1, amount: CNY 1.00, status: failed}
      - payment: {order_id: o1, account_id: m1, amount: CNY 1.00, status: failed}
      - advance: 11m
    check: {checkpoint: refund, idempotency_key: r, order_id: o1, account_id: m1, amount: CNY 1.00}
    expect: {verdict: ALLOW}
)yaml"),
              IsEmpty());
}

TEST(EventWindows, ARuleThatRestsOnWhatIsUnknownIsFalseAndNotBroken) {
  const LoadedPolicy loaded = Load(R"yaml(
windows:
  pay_success: {of: event.payment, span: 10m, ratio: {min_samples: 2, baseline_days: 3}}
rules:
  a: {on: event.payment, then: {violation: low}, mode: enforce,
      when: "!(windows.pay_success.ratio >= rate('0.5'))"}
  b: {on: event.payment, then: {violation: low}, mode: enforce,
      when: "windows.pay_success.ratio < windows.pay_success.baseline || event.order_id == 'o2'"}
tests:
  - name: nothing is known
    given: [{payment: {order_id: o1, account_id: m1, amount: CNY 1.00}}]
    expect: {violation: none}
  - name: what is known on the other side decides
    given: [{payment: {order_id: o2, account_id: m1, amount: CNY 1.00}}]
    expect: {violation: b}
)yaml");
  for (const TestResult& test : RunTests(loaded)) EXPECT_TRUE(test.passed) << test.message;
}

TEST(EventWindows, ARateIsComparedWithTheSameHourOfEarlierDays) {
  const std::string day = R"yaml(
      - payment: {order_id: o1, account_id: m1, amount: CNY 10.00}
      - payment: {order_id: o1, account_id: m1, amount: CNY 10.00}
      - advance: 24h)yaml";
  EXPECT_THAT(Failures(absl::StrCat(R"yaml(
windows:
  pay_success: {of: event.payment, span: 10m, ratio: {min_samples: 2, baseline_days: 3}}
rules:
  worse: {on: event.payment, then: {violation: high}, mode: enforce,
          when: "windows.pay_success.ratio + rate('0.2') < windows.pay_success.baseline"}
tests:
  - name: half of them fail where none did
    given:)yaml",
                                    day, day, R"yaml(
      - payment: {order_id: o1, account_id: m1, amount: CNY 1.00}
      - payment: {order_id: o1, account_id: m1, amount: CNY 1.00, status: failed}
    expect: {violation: worse}
  - name: at another hour there is nothing to compare with
    given:)yaml",
                                    day, day, R"yaml(
      - advance: 2h
      - payment: {order_id: o1, account_id: m1, amount: CNY 1.00}
      - payment: {order_id: o1, account_id: m1, amount: CNY 1.00, status: failed}
    expect: {violation: none}
  - name: of days too long ago nothing is known
    given:)yaml",
                                    day, R"yaml(
      - advance: 96h
      - payment: {order_id: o1, account_id: m1, amount: CNY 1.00}
      - payment: {order_id: o1, account_id: m1, amount: CNY 1.00, status: failed}
    expect: {violation: none}
)yaml")),
              IsEmpty());
}

TEST(EventWindows, FactsAreKeptByTheirFieldsAndSummedUp) {
  EXPECT_THAT(Failures(R"yaml(
windows:
  bids: {of: event.bid, span: 1h, key: item, distinct: bid_id,
         ratio: {success: event.taken, min_samples: 2}}
rules:
  many: {on: event.bid, mode: enforce, then: {violation: low},
         when: "windows.bids.distinct > 1 && windows.bids.sum > money('CNY 5.00') &&
                windows.bids.successes == 1 && windows.bids.ratio == rate('0.5')"}
tests:
  - name: two bids for one item
    given:
      - fact: {bid: {bid_id: b1, account_id: m1, item: i1, amount: CNY 3.00, taken: true}}
      - fact: {bid: {bid_id: b2, account_id: m1, item: i1, amount: CNY 3.00, taken: false}}
    expect: {violation: many}
  - name: for two items
    given:
      - fact: {bid: {bid_id: b1, account_id: m1, item: i1, amount: CNY 3.00, taken: true}}
      - fact: {bid: {bid_id: b2, account_id: m1, item: i2, amount: CNY 3.00, taken: false}}
    expect: {violation: none}
  - name: a bid that is changed is not counted again
    given:
      - fact: {bid: {bid_id: b1, account_id: m1, item: i1, amount: CNY 3.00, taken: true}}
      - fact:
          bid: {bid_id: b2, account_id: m1, item: i1, amount: CNY 3.00, taken: false,
                before: {bid_id: b2, account_id: m1, item: i1, amount: CNY 4.00, taken: false}}
    expect: {violation: none}
)yaml"),
              IsEmpty());
}

// ---- Any stream of rows, against a list of everything ----

// A row of the ledger, and what it said last.
struct Row {
  std::string account;
  std::string channel;
  MovementStatus status = MovementStatus::kInProgress;
  int64_t amount = 0;
};

// What a window should have counted.
struct Sample {
  absl::Time at;
  std::string account;
  std::string channel;
  int64_t amount = 0;
  bool success = false;
};

class Stream {
 public:
  explicit Stream(uint64_t seed)
      : random_(seed), loaded_(Load(R"yaml(
windows:
  ended: {of: event.payment, span: 10m, key: attributes.channel, ratio: {min_samples: 1}}
  started: {of: event.payment, span: 5m, resolution: 10s, when: event.status == "in_progress"}
)yaml")) {
    core::ApplyPolicyInput apply;
    apply.policy = loaded_.policy;
    Put(std::move(apply));
    Grant(false);
  }

  void Run(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFatalFailure(); ++i) {
      now_ += absl::Seconds(random_() % 40);
      switch (random_() % 8) {
        case 0:
        case 1:
        case 2:
          Insert();
          break;
        case 3:
        case 4:
          Change();
          break;
        case 5:
          Redeliver();
          break;
        case 6:
          Put(core::TickInput{});
          break;
        default:
          now_ += absl::Minutes(random_() % 8);
      }
      Compare();
    }
  }

  size_t samples() const { return ended_.size(); }
  size_t redelivered() const { return redelivered_; }

 private:
  uint64_t UpTo(uint64_t most) { return random_() % (most + 1); }

  void Put(decltype(core::Input::body) body) {
    const absl::StatusOr<core::Outcome> outcome = machine_.Apply({now_, std::move(body)});
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    ASSERT_FALSE(std::holds_alternative<core::Refusal>(outcome->answer));
    if (outcome->recorded) state_.Absorb(outcome->changes);
  }

  void Grant(bool coordinates_changed) {
    core::GrantEpochInput grant;
    grant.source = SourceName("ledger");
    grant.coordinates_changed = coordinates_changed;
    Put(std::move(grant));
  }

  static core::Contribution Image(size_t number, const Row& row) {
    core::Contribution image;
    image.status = row.status;
    image.key = IdempotencyKey(absl::StrCat("p", number));
    image.account = AccountId(row.account);
    image.line = {OrderId("o1"), row.amount, {}};
    image.currency = *Currency::FromCode("CNY");
    if (!row.channel.empty()) image.attributes["channel"] = row.channel;
    return image;
  }

  void Feed(core::Event event) {
    const core::Source& source = state_.resident().of<core::Sources>().at(SourceName("ledger"));
    core::IngestInput batch;
    batch.source = SourceName("ledger");
    batch.epoch = source.epoch;
    batch.previous = source.position;
    batch.position = Position::Parse(absl::StrCat("ledger:", ++position_)).value();
    batch.events.push_back(std::move(event));
    Put(std::move(batch));
  }

  void Say(size_t number, std::optional<Row> before) {
    core::MovementEvent change;
    change.kind = MovementKind("payment");
    change.row = {"pay.payment", absl::StrCat(number)};
    change.image_hash = ++images_;
    if (before.has_value()) change.before = Image(number, *before);
    change.after = Image(number, rows_[number]);
    last_[number] = core::Event{absl::StrCat("e", images_), now_, change, {}};
    Feed(last_[number]);
    Remember(rows_[number], before);
  }

  // The rule in words.
  void Remember(const Row& row, const std::optional<Row>& before) {
    const auto ended = [](const Row& one) { return one.status != MovementStatus::kInProgress; };
    const Sample sample{now_, row.account, row.channel, row.amount,
                        row.status == MovementStatus::kHappened};
    if (ended(row) && (!before.has_value() || !ended(*before)) && !row.channel.empty()) {
      ended_.push_back(sample);
    }
    if (!ended(row) && (!before.has_value() || ended(*before))) started_.push_back(sample);
  }

  MovementStatus AnyStatus() { return static_cast<MovementStatus>(1 + UpTo(2)); }

  void Insert() {
    static constexpr const char* kChannels[] = {"app", "web", ""};
    rows_.push_back({absl::StrCat("m", UpTo(1)), kChannels[UpTo(2)], AnyStatus(),
                     static_cast<int64_t>(1 + UpTo(99))});
    last_.emplace_back();
    Say(rows_.size() - 1, std::nullopt);
  }

  void Change() {
    if (rows_.empty()) return;
    const size_t number = rows_.size() - 1 - UpTo(std::min<size_t>(rows_.size() - 1, 9));
    const Row before = rows_[number];
    rows_[number].status = AnyStatus();
    Say(number, before);
  }

  // The newest change of a row once more, as after a change of coordinates.
  void Redeliver() {
    if (rows_.empty()) return;
    Feed(last_[rows_.size() - 1 - UpTo(std::min<size_t>(rows_.size() - 1, 9))]);
    ++redelivered_;
  }

  core::WindowTotals Found(const std::string& window, const std::string& account,
                           const std::string& key) {
    for (const core::WindowDefinition& definition : loaded_.policy->windows) {
      if (definition.name.value() != window) continue;
      const auto record =
          state_.Find<core::Windows>({AccountId(account), core::WindowName(window), key});
      if (!record.has_value()) return {};
      EXPECT_LE(record->buckets.size(), static_cast<size_t>(definition.Buckets()) + 1);
      return TotalsOf(*record, definition, now_, *Currency::FromCode("CNY"));
    }
    return {};
  }

  core::WindowTotals Expected(const std::vector<Sample>& samples, absl::Duration span,
                              absl::Duration resolution, const std::string& account,
                              const std::optional<std::string>& channel) const {
    const auto part = [resolution](absl::Time time) {
      return absl::ToUnixSeconds(time) / absl::ToInt64Seconds(resolution);
    };
    core::WindowTotals totals;
    for (const Sample& sample : samples) {
      if (part(now_) - part(sample.at) > span / resolution || sample.account != account) continue;
      if (channel.has_value() && sample.channel != *channel) continue;
      ++totals.count;
      totals.sum += sample.amount;
      totals.successes += sample.success ? 1 : 0;
    }
    return totals;
  }

  void Compare() {
    for (const char* account : {"m0", "m1"}) {
      for (const char* channel : {"app", "web"}) {
        const auto found = Found("ended", account, channel);
        const auto expected =
            Expected(ended_, absl::Minutes(10), absl::Seconds(10), account, channel);
        ASSERT_EQ(found.count, expected.count) << account << " " << channel;
        ASSERT_EQ(found.successes, expected.successes);
        ASSERT_EQ(found.sum, expected.sum);
      }
      const auto found = Found("started", account, "");
      const auto expected =
          Expected(started_, absl::Minutes(5), absl::Seconds(10), account, std::nullopt);
      ASSERT_EQ(found.count, expected.count) << account;
      ASSERT_EQ(found.sum, expected.sum);
    }
  }

  std::mt19937_64 random_;
  const LoadedPolicy loaded_;
  core::MemoryState state_;
  core::Machine machine_{state_};
  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
  std::vector<Row> rows_;
  std::vector<core::Event> last_;
  std::vector<Sample> ended_;
  std::vector<Sample> started_;
  uint64_t position_ = 0;
  uint64_t images_ = 0;
  size_t redelivered_ = 0;
};

TEST(EventWindows, AnyStreamOfRowsIsCountedAsAListOfEverythingSays) {
  size_t samples = 0;
  size_t redelivered = 0;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    Stream stream(seed);
    stream.Run(400);
    if (HasFatalFailure()) return;
    samples += stream.samples();
    redelivered += stream.redelivered();
  }
  EXPECT_GT(samples, 500U);
  EXPECT_GT(redelivered, 200U);
}

}  // namespace
}  // namespace fundgate::policy
