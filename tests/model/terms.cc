#include "tests/model/terms.h"

#include <algorithm>

#include "tests/model/random_values.h"

namespace fundgate::model {

Terms::Terms() {
  using absl::Hours;
  using absl::Minutes;
  using absl::Seconds;
  checkpoints = {
      {"cash_out", Seconds(2), Minutes(10), Hours(1), {"bank", "pay_db"}, "bank", true, false},
      {"goodwill", Seconds(5), Minutes(2), Minutes(10), {"till"}, "", false, true},
      {"late_refund",
       Seconds(5),
       Minutes(2),
       Minutes(10),
       {"bank", "pay_db", "till"},
       "pay_db",
       false,
       false},
      {"refund", Seconds(5), Minutes(2), Minutes(10), {"pay_db", "till"}, "pay_db", false, false},
      {"settlement",
       Seconds(5),
       Minutes(10),
       Hours(1),
       {"bank", "pay_db", "till"},
       "pay_db",
       false,
       false},
  };
  otherwise = {{"spent_within_loaded", core::Verdict::kHold}};
}

Terms Terms::Of(uint64_t seed) {
  using core::OnEvent;
  Dice dice(seed);
  Terms terms;
  static const std::vector<absl::Duration> kStaleness = {absl::Seconds(1), absl::Seconds(2),
                                                         absl::Seconds(5), absl::Seconds(30)};
  static const std::vector<absl::Duration> kValid = {absl::Minutes(2), absl::Minutes(5),
                                                     absl::Minutes(10), absl::Minutes(30)};
  for (CheckpointFacts& checkpoint : terms.checkpoints) {
    checkpoint.max_staleness = dice.Pick(kStaleness);
    checkpoint.valid_for = dice.Pick(kValid);
    checkpoint.overdue_after = checkpoint.valid_for * static_cast<int64_t>(2 + dice.Roll(6));
    const bool has_one_line = checkpoint.kind == "cash_out" || checkpoint.kind == "refund";
    checkpoint.auto_release = has_one_line && dice.Percent(50);
    checkpoint.allows_stale = checkpoint.kind == "goodwill" && dice.Percent(60);
  }
  terms.blind_calls = 1 + static_cast<int64_t>(dice.Roll(4));
  terms.blind_amount = 40 + static_cast<int64_t>(dice.Roll(200));
  terms.approval_lasts = absl::Minutes(1 + dice.Roll(30));
  for (const InvariantFacts& invariant : AllInvariants()) {
    terms.otherwise[invariant.name] =
        dice.Percent(30) ? core::Verdict::kHold : core::Verdict::kBlock;
  }
  terms.invariants_react = dice.Percent(60);
  static const std::vector<OnEvent> kReactions = {OnEvent::kAlert, OnEvent::kFreeze,
                                                  OnEvent::kTrip};
  terms.on_duplicate = dice.Pick(kReactions);
  terms.on_unit_mismatch = dice.Percent(50) ? OnEvent::kFreeze : OnEvent::kAlert;
  terms.channel_burst = static_cast<int64_t>(dice.Roll(4));
  terms.channel_burst_counts = dice.Percent(40);
  terms.many_refunds = 2 + static_cast<int64_t>(dice.Roll(6));
  terms.large_refund = 20 + static_cast<int64_t>(dice.Roll(100));
  terms.many_refunds_counts = dice.Percent(70);
  terms.order_settled = 10 + static_cast<int64_t>(dice.Roll(60));
  terms.order_settled_for_all = dice.Percent(40);
  terms.large_payment = 50 + static_cast<int64_t>(dice.Roll(200));
  return terms;
}

const CheckpointFacts* Terms::FindCheckpoint(const std::string& kind) const {
  const auto found = std::find_if(checkpoints.begin(), checkpoints.end(),
                                  [&kind](const auto& facts) { return facts.kind == kind; });
  return found == checkpoints.end() ? nullptr : &*found;
}

core::Verdict Terms::Otherwise(const std::string& invariant) const {
  const auto found = otherwise.find(invariant);
  return found == otherwise.end() ? core::Verdict::kBlock : found->second;
}

}  // namespace fundgate::model
