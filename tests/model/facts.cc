#include "tests/model/facts.h"

#include <cstdint>
#include <cstdlib>
#include <limits>

#include "absl/strings/str_cat.h"

namespace fundgate::model {
namespace {

bool Fits(Wide value) {
  return value >= std::numeric_limits<int64_t>::min() &&
         value <= std::numeric_limits<int64_t>::max();
}

Truth SumWithin(Wide a, Wide b, Wide limit) {
  if (!Fits(a + b)) return Truth::kOverflow;
  return a + b <= limit ? Truth::kYes : Truth::kNo;
}

int64_t Part(const core::Line& line, const std::string& name) {
  for (const auto& [part, amount] : line.parts) {
    if (part == name) return amount;
  }
  return 0;
}

}  // namespace

const KindFacts* FindKind(const std::string& kind) {
  static const std::vector<KindFacts> kKinds = {
      {"cash_out", true, false, false, false, true},
      {"chargeback", false, true, false, true, true},
      {"goodwill", true, false, false, false, false},
      {"late_refund", true, true, false, false, true},
      {"payment", false, true, false, false, true},
      {"refund", true, true, false, false, true},
      {"settlement", true, true, true, false, true},
      {"top_up", false, false, false, false, true},
  };
  for (const KindFacts& facts : kKinds) {
    if (facts.kind == kind) return &facts;
  }
  return nullptr;
}

const std::vector<InvariantFacts>& AllInvariants() {
  static const std::vector<InvariantFacts> kInvariants = {
      {"cash_out_within_settled",
       "merchant",
       [](const std::vector<Wide>& c) { return SumWithin(c[1], c[2], c[0]); },
       {-1, 1, 1},
       {"bank", "pay_db"}},
      {"escrow_covers",
       "order",
       [](const std::vector<Wide>& c) { return SumWithin(c[1], c[3], c[0]); },
       {-1, 1, 0, 1},
       {"pay_db", "till"}},
      {"refunds_within_paid",
       "order",
       [](const std::vector<Wide>& c) { return SumWithin(c[1], c[2], c[0]); },
       {-1, 1, 1, 0},
       {"pay_db", "till"}},
      {"spent_within_loaded",
       "wallet",
       [](const std::vector<Wide>& c) { return c[1] <= c[0] ? Truth::kYes : Truth::kNo; },
       {-1, 1},
       {"till"}},
  };
  return kInvariants;
}

size_t CountersOf(const std::string& book) {
  if (book == "order") return 4;
  return book == "merchant" ? 3 : 2;
}

std::set<std::string> SourcesOf(const std::string& book) {
  if (book == "order") return {"pay_db", "till"};
  if (book == "merchant") return {"bank", "pay_db"};
  return {"till"};
}

std::set<std::string> BooksOf(const std::string& kind) {
  if (kind == "cash_out") return {"merchant"};
  if (kind == "goodwill" || kind == "top_up") return {"wallet"};
  if (kind == "late_refund" || kind == "settlement") return {"merchant", "order"};
  return {"order"};
}

std::vector<Step> StepsOf(const std::string& kind, const AccountId& account, Currency currency,
                          const core::Line& line) {
  const core::BookId order{"order", account, line.order, currency};
  const core::BookId merchant{"merchant", account, OrderId(), currency};
  const core::BookId wallet{"wallet", account, OrderId(), currency};
  const Wide amount = line.amount;
  std::vector<Step> steps;
  if (kind == "payment") steps = {{order, 0, amount, line.order}};
  if (kind == "chargeback") steps = {{order, 0, -amount, line.order}};
  if (kind == "refund") steps = {{order, 1, amount, line.order}};
  if (kind == "late_refund") {
    steps = {{order, 2, amount, line.order}, {merchant, 2, amount, line.order}};
  }
  if (kind == "settlement") {
    steps = {{order, 3, amount, line.order}, {merchant, 0, Part(line, "net"), line.order}};
  }
  if (kind == "cash_out") steps = {{merchant, 1, amount, line.order}};
  if (kind == "top_up") steps = {{wallet, 0, amount, line.order}};
  if (kind == "goodwill") steps = {{wallet, 1, amount, line.order}};
  std::erase_if(steps, [](const Step& step) { return step.amount == 0; });
  return steps;
}

const WindowFacts& FindWindow(const std::string& name) {
  static const auto& windows = *new std::vector<WindowFacts>{
      {"by_channel", "refund", "channel", 120, 10},
      {"by_order", "settlement", "order", 3600, 300},
      {"payees", "cash_out", "account", 1800, 180},
      {"refunds", "refund", "account", 600, 60},
  };
  for (const WindowFacts& window : windows) {
    if (window.name == name) return window;
  }
  std::abort();
}

bool IsInHalf(const std::string& rule, const std::string& account) {
  uint64_t hash = 14695981039346656037U;
  for (const char c : absl::StrCat(rule, std::string(1, '\0'), account)) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211U;
  }
  hash ^= hash >> 32;
  return hash % 100 < 50;
}

}  // namespace fundgate::model
