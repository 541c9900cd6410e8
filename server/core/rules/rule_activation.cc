#include "server/core/rules/rule_activation.h"

#include <limits>
#include <optional>

#include "fundgate/types/checked.h"
#include "server/core/breaker_scope.h"
#include "server/core/breakers.h"
#include "server/core/event_fields.h"
#include "server/core/money_value.h"
#include "server/core/rate.h"

namespace fundgate::core {
namespace {

using expression::ErrorCode;
using expression::Value;

Value TextOrAbsent(std::string_view text) {
  return text.empty() ? Value::Absent() : Value::String(text);
}

Value ReadRequest(const RequestFact& fact, const CheckInput& check, const WindowSubject& who) {
  switch (fact.field) {
    case RequestFact::Field::kCheckpoint:
      return Value::String(check.key.kind.value());
    case RequestFact::Field::kAccount:
      return Value::String(check.account.value());
    case RequestFact::Field::kOrder:
      return TextOrAbsent(who.order);
    case RequestFact::Field::kKey:
      return Value::String(check.key.key.value());
    case RequestFact::Field::kAmount:
      return ToValue(check.amount);
    case RequestFact::Field::kCurrency:
      return Value::String(check.amount.currency.code());
    case RequestFact::Field::kLineCount:
      return Value::Int(static_cast<int64_t>(check.lines.size()));
  }
  return Value::Absent();
}

struct Reader {
  Draft& draft;
  const RuleSubject& subject;
  const RuleActivation& activation;

  Value operator()(const RequestFact& fact) const {
    if (subject.check == nullptr) return Value::Absent();
    return ReadRequest(fact, *subject.check, subject.who);
  }

  Value operator()(const EventFact& fact) const {
    return subject.event == nullptr ? Value::Absent() : Read(fact.field, *subject.event);
  }

  Value operator()(const AttributeFact& fact) const {
    const Attributes& attributes = subject.who.attributes;
    const auto found = attributes.find(fact.name);
    if (found == attributes.end()) return Value::Absent();
    if (const auto* text = std::get_if<std::string>(&found->second)) return Value::String(*text);
    if (const auto* number = std::get_if<int64_t>(&found->second)) return Value::Int(*number);
    if (const auto* flag = std::get_if<bool>(&found->second)) return Value::Bool(*flag);
    return ToValue(std::get<Money>(found->second));
  }

  Value operator()(const BookFact& fact) const {
    const BookDefinition& definition = draft.policy().books[fact.book_index];
    BookId id{definition.name, subject.who.account, {}, subject.who.currency};
    if (id.account.empty() || id.currency.empty()) return Value::Absent();
    if (definition.by_order) {
      const Value order = fact.order.has_value()        ? Value::String(*fact.order)
                          : fact.order_slot.has_value() ? activation.Fetch(*fact.order_slot)
                                                        : TextOrAbsent(subject.who.order);
      if (!order.is_string() || order.string_value().empty()) return Value::Absent();
      id.order = OrderId(std::string(order.string_value()));
    }
    const Counter& counter = draft.ReadBook(id, definition).counters[fact.counter_index];
    if (fact.posted_only) return ToValue(Money{id.currency, counter.posted});
    // Every counter keeps posted + up and posted - down within 64 bits, and so their mean.
    const std::optional<int64_t> pending =
        CheckedSubtract(counter.pending_up, counter.pending_down);
    const std::optional<int64_t> all =
        pending.has_value() ? CheckedAdd(counter.posted, *pending) : std::nullopt;
    if (!all.has_value()) return Value::Error(ErrorCode::kOverflow);
    return ToValue(Money{id.currency, *all});
  }

  Value operator()(const WindowFact& fact) const {
    const WindowDefinition& definition = draft.policy().windows[fact.index];
    const Window* window = FindWindow(draft, definition, subject.who);
    if (window == nullptr) return Value::Absent();
    if (fact.field == WindowFact::Field::kBaseline) {
      const WindowBaseline baseline = BaselineOf(*window, definition, draft.now());
      return Share(definition, baseline.successes, baseline.samples);
    }
    const WindowTotals totals = TotalsOf(*window, definition, draft.now(), subject.who.currency);
    switch (fact.field) {
      case WindowFact::Field::kCount:
      case WindowFact::Field::kSamples:
        return Value::Int(totals.count);
      case WindowFact::Field::kSum:
        return InCurrency(totals.sum);
      case WindowFact::Field::kLargest:
        return InCurrency(totals.largest);
      case WindowFact::Field::kDistinct:
        return Value::Int(totals.distinct);
      case WindowFact::Field::kSuccesses:
        return Value::Int(totals.successes);
      case WindowFact::Field::kRatio:
        return Share(definition, totals.successes, totals.count);
      case WindowFact::Field::kBaseline:
        break;
    }
    return Value::Absent();
  }

  static Value Share(const WindowDefinition& definition, int64_t successes, int64_t samples) {
    if (samples == 0 || samples < definition.min_samples) {
      return Value::Error(ErrorCode::kHost, kUnknown);
    }
    return ToValue(ShareOf(successes, samples));
  }

  Value InCurrency(int64_t minor_units) const {
    if (subject.who.currency.empty()) return Value::Absent();
    return ToValue(Money{subject.who.currency, minor_units});
  }

  Value operator()(const BreakerFact& fact) const {
    std::string scope = fact.scope;
    if (fact.value_slot.has_value()) {
      const Value value = activation.Fetch(*fact.value_slot);
      if (!value.is_string() || value.string_value().empty()) return Value::Absent();
      scope.append(EscapeScopeValue(value.string_value()));
    }
    const Breaker* breaker = FindBreakerInForce(draft, scope);
    const BreakerState asked =
        fact.field == BreakerFact::Field::kOpen ? BreakerState::kOpen : BreakerState::kHalfOpen;
    return Value::Bool(breaker != nullptr && breaker->state == asked);
  }

  Value operator()(const LagFact& fact) const {
    const absl::Time proven = draft.ReadSource(fact.source).proven_past;
    if (proven == absl::InfinitePast()) {
      return Value::Duration(std::numeric_limits<int64_t>::max());
    }
    return Value::Duration(absl::ToInt64Nanoseconds(draft.now() - proven));
  }

  Value operator()(const NowFact&) const {
    absl::Duration rest;
    const int64_t seconds =
        absl::IDivDuration(draft.now() - absl::UnixEpoch(), absl::Seconds(1), &rest);
    return Value::Timestamp(seconds, static_cast<uint64_t>(absl::ToInt64Nanoseconds(rest)));
  }

  Value operator()(const ConstantFact& fact) const { return fact.value; }
};

}  // namespace

RuleSubject::RuleSubject(const CheckInput& asked)
    : check(&asked),
      who{asked.account,
          asked.lines.size() == 1 ? asked.lines.front().order.value() : std::string(),
          asked.attributes, asked.amount.currency} {}

RuleSubject::RuleSubject(const Event& happened)
    : event(&happened),
      who{AccountOf(happened), OrderOf(happened).value(), AttributesOf(happened),
          CurrencyOf(happened)} {}

Value RuleActivation::Fetch(uint32_t slot) const {
  if (slot >= facts_.size()) return Value::Absent();
  return std::visit(Reader{draft_, subject_, *this}, facts_[slot].what);
}

std::vector<std::pair<std::string, std::string>> RuleActivation::Explain(
    const expression::Program& program) const {
  std::vector<std::pair<std::string, std::string>> read;
  for (const uint32_t slot : program.slots_used()) {
    const RuleFact& fact = facts_[slot];
    if (std::holds_alternative<ConstantFact>(fact.what)) continue;
    read.emplace_back(fact.path, TextOf(Fetch(slot)));
  }
  return read;
}

}  // namespace fundgate::core
