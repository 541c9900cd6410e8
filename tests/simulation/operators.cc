#include "tests/simulation/operators.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace fundgate::simulation {

void Operators::Say(core::Input input) {
  scene_.Call(std::move(input), std::nullopt, [](const auto&, absl::Time) {});
}

void Operators::Act() {
  const uint64_t roll = scene_.dice().Roll(100);
  if (roll < 40) return SwitchBreaker();
  if (roll < 78) return ReviewHold();
  if (roll < 92) return HoldWhatWasApproved();
  if (roll < 96) return AcceptTime();
  ApplyPolicy();
}

void Operators::ApplyPolicy() {
  core::Input input;
  std::optional<uint64_t> expected;
  if (scene_.dice().Percent(30)) expected = scene_.follower().model().policy_version();
  input.body = core::ApplyPolicyInput{"the policy under test", policy_, "operator", "", expected};
  Say(std::move(input));
}

void Operators::AcceptTime() {
  core::Input input;
  input.body = core::AcceptTimeInput{"operator", "looked at it"};
  Say(std::move(input));
}

void Operators::SwitchBreaker() {
  static const std::vector<std::string> kScopes = {"refund",
                                                   "*/account:m1",
                                                   "cash_out/account:m1",
                                                   "*/channel:app",
                                                   "*/order:o1",
                                                   "settlement",
                                                   "*/currency:JPY",
                                                   "goodwill",
                                                   "refund/order:o2",
                                                   "*"};
  model::Dice& dice = scene_.dice();
  std::string scope = dice.Pick(kScopes);
  std::vector<std::string> standing;
  for (const auto& [name, breaker] : scene_.follower().model().breakers()) standing.push_back(name);
  const core::Verdict mode = dice.Percent(50) ? core::Verdict::kHold : core::Verdict::kBlock;
  core::Input input;
  const uint64_t roll = dice.Roll(100);
  if (roll < 25) {
    core::TripBreakerInput trip{scope, mode, "operator", "drill", std::nullopt};
    // Some last longer than an approval of what they hold.
    if (dice.Percent(80)) {
      trip.until = scene_.gate_time().value_or(scene_.now()) +
                   (dice.Percent(70) ? absl::Milliseconds(1 + dice.Roll(3000))
                                     : absl::Minutes(11 + dice.Roll(20)));
    }
    input.body = trip;
  } else if (roll < 50) {
    if (!standing.empty() && dice.Percent(70)) scope = dice.Pick(standing);
    const core::Budget budget{1 + static_cast<int64_t>(dice.Roll(4)),
                              Money{*Currency::FromCode("CNY"), 30}};
    input.body = core::HalfOpenBreakerInput{scope, mode, budget, "operator", "try", std::nullopt};
  } else {
    if (!standing.empty() && dice.Percent(95)) scope = dice.Pick(standing);
    input.body = core::ResetBreakerInput{scope, "operator", "over"};
  }
  Say(std::move(input));
}

void Operators::HoldSomebody() {
  model::Dice& dice = scene_.dice();
  const std::string account = absl::StrCat("/account:", model::RandomAccount(dice).value());
  const std::string where = dice.Percent(40) ? "*" : dice.Pick(model::kCheckpoints);
  core::Input input;
  input.body = core::TripBreakerInput{where + account, core::Verdict::kHold, "operator",
                                      "looks odd", std::nullopt};
  Say(std::move(input));
}

void Operators::HoldWhatWasApproved() {
  model::Dice& dice = scene_.dice();
  const model::Model& known = scene_.follower().model();
  const std::optional<core::KeyId> id =
      model::PickKey(dice, known, [](const core::KeyId&, const model::Key& key) {
        return key.binding.has_value() && key.waits && !key.approved.empty();
      });
  if (!id.has_value()) return ReviewHold();
  const model::Binding& binding = *known.keys().at(*id).binding;
  const std::string kind = id->kind.value();
  const std::string account = absl::StrCat("/account:", binding.account.value());
  const std::vector<std::string> scopes = {kind, absl::StrCat(kind, account),
                                           absl::StrCat("*", account)};
  core::Input input;
  input.body = core::TripBreakerInput{dice.Pick(scopes), core::Verdict::kHold, "operator",
                                      "something else is wrong", std::nullopt};
  Say(std::move(input));
}

void Operators::ReviewHold() {
  model::Dice& dice = scene_.dice();
  const model::Model& known = scene_.follower().model();
  const std::optional<core::KeyId> id =
      model::PickKey(dice, known, [&dice](const core::KeyId&, const model::Key& key) {
        return key.binding.has_value() &&
               (!key.held_by.empty() || key.state == core::KeyState::kHeld || dice.Percent(3));
      });
  if (!id.has_value()) return SwitchBreaker();
  const model::Key& key = known.keys().at(*id);
  const std::string decision = dice.Percent(92) ? key.decision_id : "d0000000000000001";
  const AccountId account = dice.Percent(95) ? key.binding->account : AccountId("m9");
  core::Input input;
  if (dice.Percent(75)) {
    input.body = core::ApproveHoldInput{account, *id, decision, "operator", "looks fine"};
  } else {
    input.body = core::RejectHoldInput{account, *id, decision, "operator", "looks wrong"};
  }
  Say(std::move(input));
}

}  // namespace fundgate::simulation
