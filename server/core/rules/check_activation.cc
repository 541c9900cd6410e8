#include "server/core/rules/check_activation.h"

#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "fundgate/types/checked.h"
#include "server/core/breaker_scope.h"
#include "server/core/breakers.h"
#include "server/core/money_value.h"
#include "server/core/windows/windows.h"

namespace fundgate::core {
namespace {

using expression::ErrorCode;
using expression::Value;

// The order that the check names; absent if it names none or many.
Value OrderOf(const CheckInput& check) {
  if (check.lines.size() != 1 || check.lines.front().order.empty()) return Value::Absent();
  return Value::String(check.lines.front().order.value());
}

struct Reader {
  Draft& draft;
  const CheckInput& check;
  const CheckActivation& activation;

  Value operator()(const RequestFact& fact) const {
    switch (fact.field) {
      case RequestFact::Field::kCheckpoint:
        return Value::String(check.key.kind.value());
      case RequestFact::Field::kAccount:
        return Value::String(check.account.value());
      case RequestFact::Field::kOrder:
        return OrderOf(check);
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

  Value operator()(const AttributeFact& fact) const {
    const auto found = check.attributes.find(fact.name);
    if (found == check.attributes.end()) return Value::Absent();
    if (const auto* text = std::get_if<std::string>(&found->second)) return Value::String(*text);
    if (const auto* number = std::get_if<int64_t>(&found->second)) return Value::Int(*number);
    if (const auto* flag = std::get_if<bool>(&found->second)) return Value::Bool(*flag);
    return ToValue(std::get<Money>(found->second));
  }

  Value operator()(const BookFact& fact) const {
    const BookDefinition& definition = draft.policy().books[fact.book_index];
    BookId id{definition.name, check.account, {}, check.amount.currency};
    if (definition.by_order) {
      const Value order = fact.order.has_value()        ? Value::String(*fact.order)
                          : fact.order_slot.has_value() ? activation.Fetch(*fact.order_slot)
                                                        : OrderOf(check);
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
    const std::optional<WindowTotals> totals =
        ReadWindow(draft, draft.policy().windows[fact.index], check);
    if (!totals.has_value()) return Value::Absent();
    switch (fact.field) {
      case WindowFact::Field::kCount:
        return Value::Int(totals->count);
      case WindowFact::Field::kSum:
        return ToValue(Money{check.amount.currency, totals->sum});
      case WindowFact::Field::kLargest:
        return ToValue(Money{check.amount.currency, totals->largest});
      case WindowFact::Field::kDistinct:
        return Value::Int(totals->distinct);
    }
    return Value::Absent();
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
    if (proven == absl::InfinitePast()) return Value::Int(std::numeric_limits<int64_t>::max());
    return Value::Int(absl::ToInt64Milliseconds(draft.now() - proven));
  }

  Value operator()(const NowFact&) const { return Value::Int(absl::ToUnixMillis(draft.now())); }

  Value operator()(const ConstantFact& fact) const { return fact.value; }
};

std::string TextOf(const Value& value) {
  if (value.is_string()) return std::string(value.string_value());
  if (value.is_int()) return absl::StrCat(value.int_value());
  if (value.is_bool()) return value.bool_value() ? "true" : "false";
  if (value.is_opaque(kMoneyId)) return ToMoney(value).ToString();
  return value.is_absent() ? "nothing" : "?";
}

}  // namespace

Value CheckActivation::Fetch(uint32_t slot) const {
  const std::vector<CheckFact>& facts = draft_.policy().check_facts;
  if (slot >= facts.size()) return Value::Absent();
  return std::visit(Reader{draft_, check_, *this}, facts[slot].what);
}

std::vector<std::pair<std::string, std::string>> CheckActivation::Explain(
    const expression::Program& program) const {
  std::vector<std::pair<std::string, std::string>> read;
  for (const uint32_t slot : program.slots_used()) {
    const CheckFact& fact = draft_.policy().check_facts[slot];
    if (std::holds_alternative<ConstantFact>(fact.what)) continue;
    read.emplace_back(fact.path, TextOf(Fetch(slot)));
  }
  return read;
}

}  // namespace fundgate::core
