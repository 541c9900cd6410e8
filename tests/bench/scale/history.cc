#include "tests/bench/scale/history.h"

#include <fstream>
#include <iterator>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/policy/loader.h"
#include "tests/bench/load/movements.h"
#include "tests/places/places.h"

namespace fundgate::bench {
namespace {

Money Of(int64_t minor_units) { return Money{Currency::FromCode(kCurrency).value(), minor_units}; }

}  // namespace

std::string WorkedPolicy() {
  std::ifstream file(places::Source("config/policy.yaml"));
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

absl::StatusOr<std::shared_ptr<const core::Policy>> CompileWorkedPolicy(std::string_view text) {
  policy::LoadResult loaded = policy::LoadPolicy(text, "config/policy.yaml");
  if (!loaded.ok()) return absl::InternalError("config/policy.yaml doesn't load");
  return loaded.loaded->policy;
}

const SourceName& Ledger() {
  static const SourceName kLedger("ledger");
  return kLedger;
}

Position PositionOf(uint64_t key) {
  return Position::Parse(absl::StrCat("ledger:", key + 1)).value();
}
std::string EventOf(uint64_t key) { return absl::StrCat("movements/1/", key); }

Sequence SequenceBehind(uint64_t orders, uint64_t keys_of_order) {
  constexpr Sequence kBefore = 2;  // the policy and the epoch
  return kBefore + 1 + orders * (2 * keys_of_order - 1);
}

Sequence CheckSequenceOf(uint64_t key, uint64_t keys_of_order) {
  return SequenceBehind(key / keys_of_order, keys_of_order) + 2 * (key % keys_of_order) - 1;
}

absl::Status History::Begin(absl::Time time) {
  core::ApplyPolicyInput apply;
  apply.text = WorkedPolicy();
  FUNDGATE_ASSIGN_OR_RETURN(apply.policy, CompileWorkedPolicy(apply.text));
  FUNDGATE_RETURN_IF_ERROR(Put(time - absl::Nanoseconds(2), std::move(apply)));
  core::GrantEpochInput grant;
  grant.source = Ledger();
  return Put(time - absl::Nanoseconds(1), std::move(grant));
}

absl::Status History::Prove(const Position& position, absl::Time time) {
  const core::Source& source = state_.resident().of<core::Sources>().at(Ledger());
  core::IngestInput input;
  input.source = Ledger();
  input.epoch = source.epoch;
  input.previous = source.position;
  input.position = position;
  input.probe = core::Probe{position, time};
  return Put(time, std::move(input));
}

absl::Status History::Live(const Timeline& timeline, uint64_t order) {
  const Population& population = timeline.population;
  const uint64_t payment = order * population.keys_of_order();
  FUNDGATE_RETURN_IF_ERROR(Tell(timeline, payment));
  for (uint64_t number = payment + 1; number < payment + population.keys_of_order(); ++number) {
    const uint64_t named = population.OrderOf(number);
    core::CheckInput check;
    check.request_id = population.NameOf(number);
    check.key = {MovementKind("refund"), IdempotencyKey(check.request_id)};
    check.account = AccountId(AccountOf(named, population.accounts()));
    check.amount = Of(kRefund);
    check.lines = {core::Line{OrderId(NameOf(named)), kRefund, {}}};
    check.attributes = {{"channel", std::string("app")}};
    check.may_wait = false;
    check.arrived_at = timeline.CheckedAt(number);
    FUNDGATE_RETURN_IF_ERROR(Put(timeline.CheckedAt(number), std::move(check)));
    FUNDGATE_RETURN_IF_ERROR(Tell(timeline, number));
  }
  return absl::OkStatus();
}

absl::Status History::Tell(const Timeline& timeline, uint64_t number) {
  const Population& population = timeline.population;
  const uint64_t key = timeline.FirstKey() + number;
  const bool is_payment = population.IsPayment(number);
  core::Contribution moved;
  moved.status = core::MovementStatus::kHappened;
  moved.key = IdempotencyKey(population.NameOf(number));
  moved.account = AccountId(AccountOf(population.OrderOf(number), population.accounts()));
  moved.line =
      core::Line{OrderId(NameOf(population.OrderOf(number))), is_payment ? kPaid : kRefund, {}};
  moved.currency = Of(0).currency;
  core::MovementEvent movement;
  movement.kind = MovementKind(is_payment ? "payment" : "refund");
  movement.after = std::move(moved);
  const core::Source& source = state_.resident().of<core::Sources>().at(Ledger());
  core::IngestInput input;
  input.source = Ledger();
  input.epoch = source.epoch;
  input.previous = source.position;
  input.position = PositionOf(key);
  input.events.push_back(
      core::Event{EventOf(key), timeline.ChangedAt(number), std::move(movement), {}});
  input.probe = core::Probe{input.position, timeline.ChangedAt(number)};
  return Put(timeline.ChangedAt(number), std::move(input));
}

absl::Status History::Rest(absl::Time until) {
  while (!state_.Due<core::Timers>(until, 1).empty()) {
    FUNDGATE_RETURN_IF_ERROR(Put(until, core::TickInput{}));
  }
  return absl::OkStatus();
}

absl::Status History::Put(absl::Time time, decltype(core::Input::body) body) {
  const core::Input input{time, std::move(body)};
  FUNDGATE_ASSIGN_OR_RETURN(const core::Outcome outcome, machine_.Apply(input));
  if (const auto* refusal = std::get_if<core::Refusal>(&outcome.answer)) {
    return absl::InternalError(absl::StrCat("refused: ", refusal->status.ToString()));
  }
  const auto* decision = std::get_if<core::Decision>(&outcome.answer);
  if (decision != nullptr && decision->verdict != core::Verdict::kAllow) {
    return absl::InternalError(absl::StrCat("not allowed: ", decision->key.key.value(), ": ",
                                            decision->reasons.front().message));
  }
  return outcome.recorded ? keeper_(input, outcome) : absl::OkStatus();
}

}  // namespace fundgate::bench
