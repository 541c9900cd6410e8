// How the model counts over time, and asks the rules of the policy under test.
#include <algorithm>
#include <set>

#include "tests/model/model.h"

namespace fundgate::model {
namespace {

using core::ReasonCode;
using core::Verdict;

// Which part of time `at` lies in; all times of the test are after 1970.
int64_t PartOf(absl::Time at, int64_t seconds) { return absl::ToUnixSeconds(at) / seconds; }

bool Mentions(const AllowedOnce& once, const OrderId& order) {
  return std::any_of(once.lines.begin(), once.lines.end(),
                     [&](const core::Line& line) { return line.order == order; });
}

}  // namespace

// What counts for the check, without it. The caller knows that it can be told.
std::vector<AllowedOnce> Model::InWindow(const std::string& window,
                                         const core::CheckInput& check) const {
  const WindowFacts& facts = FindWindow(window);
  std::vector<AllowedOnce> counted;
  for (const AllowedOnce& once : allowed_) {
    if (once.kind != facts.kind || once.account != check.account) continue;
    const int64_t age = PartOf(now_, facts.part_seconds) - PartOf(once.at, facts.part_seconds);
    const bool kept = mutation_ == Mutation::kNeverForgetsRefunds && facts.kind == "refund";
    if (age > facts.span_seconds / facts.part_seconds && !kept) continue;
    if (facts.by == "order") {
      if (!Mentions(once, check.lines.front().order)) continue;
    } else if (facts.by != "account") {
      const auto theirs = once.attributes.find(facts.by);
      if (theirs == once.attributes.end()) continue;
      if (theirs->second != std::get<std::string>(check.attributes.at(facts.by))) continue;
    }
    counted.push_back(once);
  }
  return counted;
}

// Too few payments say nothing; else fewer than four of five went well.
Truth Model::PaymentsFail(const AccountId& account) const {
  Wide samples = 0;
  Wide successes = 0;
  for (const EndedPayment& payment : ended_) {
    if (payment.account != account || PartOf(now_, 30) - PartOf(payment.at, 30) > 10) continue;
    ++samples;
    if (payment.success) ++successes;
  }
  return samples >= 3 && successes * 5 < samples * 4 ? Truth::kYes : Truth::kNo;
}

// A payment that is told for the first time, after it was posted.
void Model::LookAtPayment(const core::MovementEvent& change) {
  if (change.kind != MovementKind("payment") || !change.after.has_value()) return;
  const core::Contribution& after = *change.after;
  const auto ended = [](const core::Contribution& row) {
    return row.status == core::MovementStatus::kHappened ||
           row.status == core::MovementStatus::kFailed;
  };
  if (ended(after) && !(change.before.has_value() && ended(*change.before))) {
    ended_.push_back({now_, after.account, after.status == core::MovementStatus::kHappened});
  }
  RulePicture& rule = rules_["large_payment"];
  if (after.currency.code() != "CNY") {
    ++rule.errors;
  } else if (after.line.amount > terms_.large_payment) {
    ++rule.hits;
    Violate(core::ViolationKind::kRule, "large_payment", {change.kind, after.key}, after.account,
            after.line.order);
  }
}

RuleSaid Model::Ask(const std::string& rule, const core::CheckInput& check) const {
  RuleSaid said{rule, Truth::kNo, true, Verdict::kHold};
  const bool in_yuan = check.amount.currency.code() == "CNY";
  const auto set = [&](bool truth) { said.truth = truth ? Truth::kYes : Truth::kNo; };
  if (rule == "payments_fail") {
    said.counts = false;
    said.truth = PaymentsFail(check.account);
  } else if (rule == "channel_burst") {
    said.counts = terms_.channel_burst_counts;
    if (!check.attributes.contains("channel")) {
      said.truth = Truth::kOverflow;
    } else {
      set(static_cast<int64_t>(InWindow("by_channel", check).size()) > terms_.channel_burst);
      said.verdict = Verdict::kBlock;
    }
  } else if (rule == "many_payees") {
    std::set<std::string> payees;
    for (const AllowedOnce& once : InWindow("payees", check)) {
      if (once.attributes.contains("payee")) payees.insert(once.attributes.at("payee"));
    }
    set(!payees.empty());
    said.verdict = Verdict::kAllow;
  } else if (rule == "many_refunds") {
    const std::vector<AllowedOnce> refunds = InWindow("refunds", check);
    int64_t largest = 0;
    for (const AllowedOnce& once : refunds) {
      if (once.amount.currency != check.amount.currency) continue;
      largest = std::max(largest, once.amount.minor_units);
    }
    // True on the left is true whatever is on the right; else another currency can't be compared.
    const bool are_many = static_cast<int64_t>(refunds.size()) >= terms_.many_refunds;
    said.counts = terms_.many_refunds_counts;
    set(are_many || largest >= terms_.large_refund);
    if (!are_many && !in_yuan) {
      said.truth = Truth::kOverflow;
      said.verdict = Verdict::kAllow;
    }
  } else {
    said.counts = terms_.order_settled_for_all || IsInHalf(rule, check.account.value());
    if (check.lines.size() != 1 || !in_yuan) {
      said.truth = Truth::kOverflow;
      return said;
    }
    Wide sum = 0;
    for (const AllowedOnce& once : InWindow("by_order", check)) {
      if (once.amount.currency != check.amount.currency) continue;
      for (const core::Line& line : once.lines) {
        if (line.order == check.lines.front().order) sum += line.amount;
      }
    }
    set(sum > terms_.order_settled);
    said.verdict = Verdict::kBlock;
  }
  return said;
}

std::vector<RuleSaid> Model::AskRules(const core::CheckInput& check, Found& found) const {
  static const auto& rules = *new std::map<std::string, std::vector<std::string>>{
      {"cash_out", {"many_payees"}},
      {"refund", {"channel_burst", "many_refunds", "payments_fail"}},
      {"settlement", {"order_settled"}},
  };
  std::vector<RuleSaid> all;
  const auto concerned = rules.find(check.key.kind.value());
  if (concerned == rules.end()) return all;
  for (const std::string& rule : concerned->second) {
    const RuleSaid said = Ask(rule, check);
    if (said.truth == Truth::kNo) continue;
    all.push_back(said);
    if (!said.counts) continue;
    const bool failed = said.truth == Truth::kOverflow;
    // An operator may let it pass, but not what else it says at another time.
    const std::string what = (failed ? "failed " : "rule ") + rule;
    const bool holds = said.verdict == Verdict::kHold;
    const bool passes = holds && IsApproved(check, what);
    if (holds && !passes) found.held_by.insert(what);
    Add(found, failed ? ReasonCode::kLimit : ReasonCode::kRule, failed ? "" : rule,
        passes ? Verdict::kAllow : said.verdict);
  }
  return all;
}

void Model::NoteRules(const core::CheckInput& check, const std::vector<RuleSaid>& said) {
  for (const RuleSaid& one : said) {
    RulePicture& rule = rules_[one.rule];
    if (one.truth == Truth::kOverflow) {
      ++rule.errors;
      continue;
    }
    ++(one.counts ? rule.hits : rule.shadow_hits);
    if (one.rule != "many_payees") continue;
    if (++alerts_[PartOf(now_, 60)] > 1) {
      ++rule.suppressed;
    } else {
      Violate(core::ViolationKind::kRule, one.rule, check.key, check.account,
              check.lines.front().order);
    }
  }
}

}  // namespace fundgate::model
