// Five months of a real shop, through a real database, sidecar and gate: what is bought is paid by
// rows, what is given back is asked for at the gate, and each verdict is what a few lines of
// bookkeeping here say.
//
// The data: one line an invoice's item, in the order of time. How it is mapped:
// - An order is a customer and an item: account_id is the customer, order_id the item. Lines
//   without a customer are of one called "unknown".
// - A line of an invoice is a row of pay.sale, a payment of quantity times price. Lines without a
//   price (gifts, corrections of the stock) are rows too, and no payments. One line costs a tenth
//   of a penny: it can't be read as money, so its order is unproven, and refunds of it are held.
// - A line of an invoice that begins with C is a refund of as much. It is asked for at the gate;
//   only if that is allowed, its row is written to pay.refund, and it is confirmed.
// - A refund's key is invoice, item, quantity and price: the file has lines twice, and the second
//   one is the same refund again, which must not be paid twice.
// - Some cancellations are of things bought before the file begins, or of more than was bought:
//   they must be blocked, and they are judged again as new if their line comes again.
//
// Lines are written in the order of the file, the payments between two cancellations in one
// transaction; a cancellation is asked for once they are committed, whether the sidecar has read
// them or not. The policy is so patient that no verdict depends on time.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "tests/end_to_end/retail_data.h"
#include "tests/end_to_end/sidecar_world.h"
#include "tests/places/places.h"

namespace fundgate::end_to_end {
namespace {

constexpr char kNobody[] = "unknown";
constexpr size_t kRowsOfAStatement = 1000;
// Every order with a cancellation is compared in the end, and every so many-th of the others.
constexpr size_t kOthersCompared = 50;

using Order = std::pair<std::string, std::string>;  // customer, item

Order OrderOf(const RetailLine& line) {
  return {line.customer.empty() ? kNobody : line.customer, line.item};
}

// What was sold, in thousandths of a pound; of a cancellation less than 0.
int64_t ThousandthsOf(const RetailLine& line) {
  return line.quantity * Thousandths(line.unit_price).value();
}

std::string RefundKeyOf(const RetailLine& line) {
  return absl::StrCat(line.invoice, "/", line.item, "/", line.quantity, "/", line.unit_price);
}

// What the gate must say, by a book of its own. Shares nothing with the gate.
class Oracle {
 public:
  struct Balance {
    int64_t paid = 0;  // pence, as refunded
    int64_t refunded = 0;
    bool known = true;
    bool cancelled = false;  // a refund was asked for
  };
  enum class Why : uint8_t { kAllowed, kPaidBefore, kNeverBought, kTooMuch, kUnknown };

  void Sell(const RetailLine& line) {
    const int64_t thousandths = ThousandthsOf(line);
    if (thousandths == 0) return;
    Balance& balance = balances_[OrderOf(line)];
    if (thousandths % 10 == 0) {
      balance.paid += thousandths / 10;
    } else {
      balance.known = false;
    }
  }

  Why Cancel(const RetailLine& line) {
    Balance& balance = balances_[OrderOf(line)];
    const int64_t pence = -ThousandthsOf(line) / 10;
    balance.cancelled = true;
    if (refunds_.contains(RefundKeyOf(line))) return Why::kPaidBefore;
    if (!balance.known) return Why::kUnknown;
    if (balance.paid == 0) return Why::kNeverBought;
    if (balance.refunded + pence > balance.paid) return Why::kTooMuch;
    balance.refunded += pence;
    refunds_.insert(RefundKeyOf(line));
    return Why::kAllowed;
  }

  const std::map<Order, Balance>& balances() const { return balances_; }

 private:
  std::map<Order, Balance> balances_;
  std::set<std::string> refunds_;  // that were paid
};

v1::Verdict VerdictOf(Oracle::Why why) {
  switch (why) {
    case Oracle::Why::kAllowed:
      return v1::VERDICT_ALLOW;
    case Oracle::Why::kUnknown:
      return v1::VERDICT_HOLD;
    case Oracle::Why::kPaidBefore:
    case Oracle::Why::kNeverBought:
    case Oracle::Why::kTooMuch:
      return v1::VERDICT_BLOCK;
  }
  return v1::VERDICT_UNSPECIFIED;
}

std::filesystem::path DataFile() { return places::Testdata("retail/retail.csv.xz"); }

WorldSettings ShopSettings() {
  return {places::Source("tests/end_to_end/retail_policy.yaml"),
          {"CREATE TABLE pay.sale (line_no VARCHAR(24) PRIMARY KEY, customer VARCHAR(16) NOT NULL, "
           "item VARCHAR(16) NOT NULL, quantity INT NOT NULL, unit_price DECIMAL(10,3) NOT NULL, "
           "amount DECIMAL(18,3) AS (quantity * unit_price) STORED)",
           "CREATE TABLE pay.refund (refund_no VARCHAR(64) PRIMARY KEY, customer VARCHAR(16) "
           "NOT NULL, item VARCHAR(16) NOT NULL, amount DECIMAL(18,2) NOT NULL)"},
          {}};
}

// The shop's own programs.
class Shop {
 public:
  explicit Shop(SidecarWorld& world) : world_(world) {}

  void Sell(const RetailLine& line) {
    const Order order = OrderOf(line);
    sales_.push_back(absl::StrFormat("('%s/%d','%s','%s',%d,%s)", line.invoice, ++lines_,
                                     order.first, order.second, line.quantity, line.unit_price));
  }

  void Commit() {
    if (sales_.empty()) return;
    world_.database().Execute("START TRANSACTION");
    for (size_t at = 0; at < sales_.size(); at += kRowsOfAStatement) {
      const auto begin = sales_.begin() + static_cast<std::ptrdiff_t>(at);
      const auto end = sales_.size() - at <= kRowsOfAStatement
                           ? sales_.end()
                           : begin + static_cast<std::ptrdiff_t>(kRowsOfAStatement);
      world_.database().Execute(absl::StrCat(
          "INSERT INTO pay.sale (line_no, customer, item, quantity, unit_price) VALUES ",
          absl::StrJoin(begin, end, ",")));
    }
    world_.database().Execute("COMMIT");
    sales_.clear();
  }

  v1::Decision Cancel(const RetailLine& line) {
    const Order order = OrderOf(line);
    const int64_t pence = -ThousandthsOf(line) / 10;
    v1::CheckRequest request;
    request.set_checkpoint("refund");
    request.set_idempotency_key(RefundKeyOf(line));
    request.set_account_id(order.first);
    request.set_order_id(order.second);
    request.mutable_amount()->set_currency_code("GBP");
    request.mutable_amount()->set_minor_units(pence);
    v1::Decision decision = world_.Ask(request);
    if (decision.verdict() == v1::VERDICT_ALLOW) {
      world_.database().Execute(
          absl::StrFormat("INSERT INTO pay.refund VALUES ('%s','%s','%s',%d.%02d)",
                          RefundKeyOf(line), order.first, order.second, pence / 100, pence % 100));
      world_.Confirm(decision, order.first);
    }
    return decision;
  }

 private:
  SidecarWorld& world_;
  std::vector<std::string> sales_;  // not yet written
  uint64_t lines_ = 0;
};

// The code and the name of the reason that a refusal must give; empty for an ALLOW.
std::string ReasonOf(Oracle::Why why) {
  switch (why) {
    case Oracle::Why::kAllowed:
      return "";
    case Oracle::Why::kUnknown:
      return "UNPROVEN gap:payment";
    case Oracle::Why::kPaidBefore:
      return "ALREADY_MOVED idempotency_key";
    case Oracle::Why::kNeverBought:
    case Oracle::Why::kTooMuch:
      return "INVARIANT refunds_within_paid";
  }
  return "";
}

void ExpectDecision(const v1::Decision& decision, Oracle::Why why) {
  ASSERT_EQ(decision.verdict(), VerdictOf(why)) << decision.ShortDebugString();
  std::string reason;
  if (decision.reasons_size() > 0) {
    reason = absl::StrCat(
        absl::StripPrefix(v1::ReasonCode_Name(decision.reasons(0).code()), "REASON_CODE_"), " ",
        decision.reasons(0).name());
  }
  EXPECT_EQ(reason, ReasonOf(why)) << decision.ShortDebugString();
}

// Of an order with a line that can't be read as money, not a penny can be given back.
void ExpectUnknownOrdersHeld(Shop& shop, const Oracle& oracle) {
  size_t held = 0;
  for (const auto& [order, balance] : oracle.balances()) {
    if (balance.known) continue;
    ++held;
    ExpectDecision(shop.Cancel({.invoice = "C-after",
                                .item = order.second,
                                .quantity = -1,
                                .unit_price = "0.01",
                                .customer = order.first}),
                   Oracle::Why::kUnknown);
  }
  EXPECT_EQ(held, 1U);
}

void ExpectBooks(SidecarWorld& world, const Oracle& oracle) {
  size_t other = 0;
  size_t compared = 0;
  for (const auto& [order, balance] : oracle.balances()) {
    if (!balance.cancelled && other++ % kOthersCompared != 0) continue;
    ++compared;
    EXPECT_EQ(world.CounterOf(order.first, order.second, "GBP", "paid").posted(), balance.paid)
        << order.first << " " << order.second;
    EXPECT_EQ(world.CounterOf(order.first, order.second, "GBP", "refunded").posted(),
              balance.refunded)
        << order.first << " " << order.second;
  }
  std::cout << "retail: " << compared << " of " << oracle.balances().size()
            << " orders' books compared\n";
}

TEST(Retail, EveryVerdictIsWhatSimpleBookkeepingSays) {
  if (!std::filesystem::exists(DataFile())) {
    GTEST_SKIP() << DataFile() << " is missing; FUNDGATE_TESTDATA can name the folder of retail/";
  }
  const std::vector<RetailLine> lines = ReadRetail(DataFile());
  ASSERT_FALSE(lines.empty()) << DataFile() << " can't be read; is xz installed?";
  SidecarWorld world(ShopSettings());
  world.StartSidecar();
  Oracle oracle;
  Shop shop(world);
  std::map<Oracle::Why, uint64_t> verdicts;
  uint64_t unpriced = 0;
  for (const RetailLine& line : lines) {
    if (!line.is_cancellation()) {
      unpriced += ThousandthsOf(line) == 0 ? 1 : 0;
      oracle.Sell(line);
      shop.Sell(line);
      continue;
    }
    shop.Commit();
    const Oracle::Why why = oracle.Cancel(line);
    ++verdicts[why];
    ExpectDecision(shop.Cancel(line), why);
    ASSERT_FALSE(::testing::Test::HasFailure()) << RefundKeyOf(line);
  }
  shop.Commit();
  world.AwaitApplied();
  const uint64_t asked = verdicts[Oracle::Why::kAllowed] + verdicts[Oracle::Why::kPaidBefore] +
                         verdicts[Oracle::Why::kNeverBought] + verdicts[Oracle::Why::kTooMuch];
  std::cout << "retail: " << lines.size() - asked << " lines sold, " << unpriced
            << " of them without a price; " << asked << " refunds asked for, "
            << verdicts[Oracle::Why::kAllowed] << " allowed, "
            << asked - verdicts[Oracle::Why::kAllowed]
            << " blocked: " << verdicts[Oracle::Why::kNeverBought] << " of what was never bought, "
            << verdicts[Oracle::Why::kTooMuch] << " of more than is left, "
            << verdicts[Oracle::Why::kPaidBefore] << " for the second time\n";
  ExpectBooks(world, oracle);
  ExpectUnknownOrdersHeld(shop, oracle);
  EXPECT_TRUE(world.Violations(v1::VIOLATION_KIND_UNSPECIFIED).empty());
  EXPECT_EQ(world.StopGateAndVerify(), 0);
}

}  // namespace
}  // namespace fundgate::end_to_end
