// Rules over events: facts and movements, as documents declare them.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/policy/loader.h"
#include "server/policy/tester.h"

namespace fundgate::policy {
namespace {

constexpr char kStructure[] = R"yaml(
books:
  order: {key: [account_id, order_id], counters: [paid, refunded]}
movements:
  payment: {effects: [+order.paid]}
  refund: {effects: [+order.refunded], gated: true}
checkpoints:
  refund: {}
sources:
  ledger: {report: {emits: [payment, refund, bid, note]}}
facts:
  bid: {key: item_id, fields: {item_id: string, account_id: string, price: money,
            market_price: money}}
  note: {key: text, fields: {text: string}}
numbers: {large: CNY 500.00}
)yaml";

// The messages of the document's tests that fail.
std::vector<std::string> Failures(const std::string& rest) {
  const LoadResult result = LoadPolicy(absl::StrCat(kStructure, rest), "test.yaml");
  if (!result.ok()) return {Render(result.problems)};
  std::vector<std::string> messages;
  for (const TestResult& test : RunTests(*result.loaded)) {
    if (!test.passed) messages.push_back(absl::StrCat(test.name, ": ", test.message));
  }
  return messages;
}

TEST(EventRules, ABidFarUnderTheMarketIsAViolationAndFreezesItsSeller) {
  EXPECT_THAT(Failures(R"yaml(
rules:
  price_collapse: {on: event.bid, when: event.price + event.price < event.market_price,
            mode: enforce,
                   then: {violation: high, action: freeze}}
tests:
  - name: a fair bid is nothing
    given: [{fact: {bid: {item_id: i1, account_id: m1, price: CNY 60.00,
            market_price: CNY 100.00}}}]
    expect: {violation: none}
  - name: one under half the price is found
    given: [{fact: {bid: {item_id: i1, account_id: m1, price: CNY 40.00,
            market_price: CNY 100.00}}}]
    expect: {violation: price_collapse}
  - name: and its seller's refunds are held
    given:
      - payment: {order_id: o1, account_id: m1, amount: CNY 10.00}
      - fact: {bid: {item_id: i1, account_id: m1, price: CNY 40.00, market_price: CNY 100.00}}
    check: {checkpoint: refund, idempotency_key: r1, order_id: o1, account_id: m1, amount: CNY 1.00}
    expect: {verdict: HOLD, reason: BREAKER}
)yaml"),
              ::testing::IsEmpty());
}

TEST(EventRules, InShadowRecordNothing) {
  EXPECT_THAT(Failures(R"yaml(
rules:
  price_collapse: {on: event.bid, when: event.price + event.price < event.market_price,
                   then: {violation: high, action: freeze}}
tests:
  - name: a shadow says nothing
    given: [{fact: {bid: {item_id: i1, account_id: m1, price: CNY 40.00,
            market_price: CNY 100.00}}}]
    expect: {violation: none}
)yaml"),
              ::testing::IsEmpty());
}

TEST(EventRules, OneThatCantBeJudgedRecordsNothing) {
  EXPECT_THAT(Failures(R"yaml(
rules:
  price_collapse: {on: event.bid, when: event.price + event.price < event.market_price,
            mode: enforce,
                   then: {violation: high}}
tests:
  - name: without a price there is nothing to say
    given: [{fact: {bid: {item_id: i1, account_id: m1, market_price: CNY 100.00}}}]
    expect: {violation: none}
)yaml"),
              ::testing::IsEmpty());
}

TEST(EventRules, ReadMovementsAndTheBooksTheyHaveChanged) {
  EXPECT_THAT(Failures(R"yaml(
rules:
  large_payment: {on: event.payment, mode: enforce, then: {violation: low},
                  when: "event.amount > numbers.large && event.status == 'happened' &&
                         book('order').paid > event.amount"}
tests:
  - name: a small one is nothing
    given: [{payment: {order_id: o1, account_id: m1, amount: CNY 10.00}}]
    expect: {violation: none}
  - name: a large one on top of another is found
    given:
      - payment: {order_id: o1, account_id: m1, amount: CNY 10.00}
      - payment: {order_id: o1, account_id: m1, amount: CNY 501.00}
    expect: {violation: large_payment}
)yaml"),
              ::testing::IsEmpty());
}

}  // namespace
}  // namespace fundgate::policy
