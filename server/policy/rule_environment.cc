#include "server/policy/rule_environment.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "server/expression/ast.h"
#include "server/expression/lexer.h"
#include "server/expression/names.h"
#include "server/policy/effects.h"
#include "server/policy/event_environment.h"
#include "server/policy/money_functions.h"
#include "server/policy/scalars.h"
#include "server/policy/validate_parts.h"

namespace fundgate::policy {
namespace {

using core::BookFact;
using core::BreakerFact;
using core::RequestFact;
using core::WindowFact;
using expression::AccessorArgument;
using expression::Type;
using expression::Value;

constexpr char kEverything[] = "*";

// Names whose declaration can't be wrong any more.
bool IsUsable(const std::string& name) {
  return IsEntryName(name) && expression::IsFieldName(name);
}

bool IsText(const Type& type) { return type.is(Type::Kind::kString) && !type.nullable(); }

// The number or amount that the value says, as a value and its type; nothing for other values.
std::optional<std::pair<Value, Type>> NumberOf(const ::fundgate::v1::Value& value) {
  if (value.has_int_value()) return std::pair(Value::Int(value.int_value()), Type::Int());
  if (!value.has_string_value()) return std::nullopt;
  const absl::StatusOr<Money> money = Money::Parse(value.string_value());
  if (!money.ok()) return std::nullopt;
  return std::pair(ToValue(*money), MoneyType());
}

}  // namespace

std::optional<std::string> AttributeIn(std::string_view text) {
  constexpr std::string_view kFront = "attributes.";
  if (text.substr(0, kFront.size()) != kFront) return std::nullopt;
  return std::string(text.substr(kFront.size()));
}

bool SumsMoney(const v1::Document& document, const v1::Window& window) {
  const auto fact = document.facts().find(EventNameIn(window.of()).value_or(""));
  if (fact == document.facts().end()) return true;
  const auto amount = fact->second.fields().find("amount");
  return amount != fact->second.fields().end() && amount->second == v1::FACT_TYPE_MONEY;
}

Type ToType(v1::AttributeType type) {
  switch (type) {
    case v1::ATTRIBUTE_TYPE_INT:
      return Type::Int();
    case v1::ATTRIBUTE_TYPE_BOOL:
      return Type::Bool();
    case v1::ATTRIBUTE_TYPE_MONEY:
      return MoneyType();
    default:
      return Type::String();
  }
}

RuleEnvironment::RuleEnvironment(const v1::Document& document, const std::string& event)
    : document_(document), event_(event) {
  (void)AddMoney(environment_);
  if (event.empty()) {
    AddRequest();
  } else {
    (void)AddEvent(document, event, environment_);
  }
  (void)environment_.AddVariable("now", Type::Timestamp());
  facts_["now"] = core::NowFact{};
  AddWindows();
  AddConstants();
  AddBooks();
  AddBreakers();
  AddSources();
}

void RuleEnvironment::Field(Fields& fields, const std::string& front, const std::string& name,
                            const Type& type, What what) {
  fields.push_back({name, type});
  facts_[absl::StrCat(front, ".", name)] = std::move(what);
}

void RuleEnvironment::Declare(const std::string& variable, const Fields& fields) {
  (void)environment_.AddRecord({variable, fields, false});
  (void)environment_.AddVariable(variable, Type::Record(variable));
}

void RuleEnvironment::AddRequest() {
  Fields attributes;
  for (const std::string& name : NamesOf(document_.attributes())) {
    if (!IsUsable(name)) continue;
    const auto type = static_cast<v1::AttributeType>(document_.attributes().at(name));
    Field(attributes, "request.attributes", name, ToType(type), core::AttributeFact{name});
  }
  (void)environment_.AddRecord({"attributes", attributes, false});
  Fields request;
  using enum RequestFact::Field;
  for (const auto& [name, type, field] : {std::tuple("checkpoint", Type::String(), kCheckpoint),
                                          std::tuple("account_id", Type::String(), kAccount),
                                          std::tuple("order_id", Type::String(), kOrder),
                                          std::tuple("idempotency_key", Type::String(), kKey),
                                          std::tuple("amount", MoneyType(), kAmount),
                                          std::tuple("currency", Type::String(), kCurrency),
                                          std::tuple("line_count", Type::Int(), kLineCount)}) {
    Field(request, "request", name, type, RequestFact{field});
  }
  request.push_back({"attributes", Type::Record("attributes")});
  Declare("request", request);
}

// Whether what the window is kept by can be told of a check, or of the event.
bool RuleEnvironment::CanRead(const v1::Window& window) const {
  const std::string& key = window.key();
  if (key.empty() || key == "account_id" || key == "order_id") return true;
  const std::string name = AttributeIn(key).value_or(key);
  if (event_.empty()) return document_.attributes().count(name) > 0;
  const auto fact = document_.facts().find(event_);
  return fact == document_.facts().end() || fact->second.fields().count(name) > 0;
}

void RuleEnvironment::AddWindow(const std::string& name, const v1::Window& window) {
  const std::string front = absl::StrCat("windows.", name);
  Fields fields;
  using enum WindowFact::Field;
  Field(fields, front, "count", Type::Int(), WindowFact{name, kCount});
  if (SumsMoney(document_, window)) {
    Field(fields, front, "sum", MoneyType(), WindowFact{name, kSum});
    Field(fields, front, "max", MoneyType(), WindowFact{name, kLargest});
  }
  if (!window.distinct().empty()) {
    Field(fields, front, "distinct", Type::Int(), WindowFact{name, kDistinct});
  }
  if (window.has_ratio()) {
    Field(fields, front, "samples", Type::Int(), WindowFact{name, kSamples});
    Field(fields, front, "successes", Type::Int(), WindowFact{name, kSuccesses});
    Field(fields, front, "ratio", RateType(), WindowFact{name, kRatio});
  }
  if (window.ratio().baseline_days() > 0) {
    Field(fields, front, "baseline", RateType(), WindowFact{name, kBaseline});
  }
  (void)environment_.AddRecord({absl::StrCat("window_", name), fields, false});
}

void RuleEnvironment::AddWindows() {
  Fields windows;
  for (const std::string& name : NamesOf(document_.windows())) {
    const v1::Window& window = document_.windows().at(name);
    if (!IsUsable(name) || !CanRead(window)) continue;
    AddWindow(name, window);
    windows.push_back({name, Type::Record(absl::StrCat("window_", name))});
  }
  Declare("windows", windows);
}

void RuleEnvironment::AddConstants() {
  Fields lists;
  for (const std::string& name : NamesOf(document_.lists())) {
    if (!IsUsable(name)) continue;
    std::vector<Value> values;
    bool texts = true;
    for (const ::fundgate::v1::Value& value : document_.lists().at(name).values()) {
      texts = value.has_string_value();
      values.push_back(texts ? Value::String(constants_.texts.emplace_back(value.string_value()))
                             : Value::Int(value.int_value()));
    }
    const std::vector<Value>& kept = constants_.lists.emplace_back(std::move(values));
    Field(lists, "lists", name, Type::List(texts ? Type::String() : Type::Int()),
          core::ConstantFact{Value::List(kept)});
  }
  Declare("lists", lists);
  Fields numbers;
  for (const std::string& name : NamesOf(document_.numbers())) {
    const auto number = NumberOf(document_.numbers().at(name));
    if (!IsUsable(name) || !number.has_value()) continue;
    Field(numbers, "numbers", name, number->second, core::ConstantFact{number->first});
  }
  Declare("numbers", numbers);
}

void RuleEnvironment::AddBooks() {
  for (const std::string& name : NamesOf(document_.books())) {
    Fields counters;
    for (const std::string& counter : document_.books().at(name).counters()) {
      if (IsUsable(counter)) counters.push_back({counter, MoneyType()});
    }
    const std::string posted = absl::StrCat("posted_book_", name);
    (void)environment_.AddRecord({posted, counters, false});
    counters.push_back({"posted", Type::Record(posted)});
    (void)environment_.AddRecord({absl::StrCat("book_", name), counters, false});
  }
  (void)environment_.AddAccessor({"book", 1, 2, [this](const auto& call, const auto& arguments) {
                                    return ResolveBook(call, arguments);
                                  }});
}

absl::StatusOr<Type> RuleEnvironment::ResolveBook(const std::string& call,
                                                  std::span<const AccessorArgument> arguments) {
  if (!arguments[0].text.has_value()) {
    return absl::InvalidArgumentError("a book is named by a text, like book('order')");
  }
  const std::string& name = *arguments[0].text;
  const auto book = document_.books().find(name);
  if (book == document_.books().end()) {
    return absl::NotFoundError(NoSuch("book", name, NamesOf(document_.books())));
  }
  const bool by_order = IsByOrder(book->second);
  if (arguments.size() == 2 && !by_order) {
    return absl::InvalidArgumentError(
        absl::StrCat("the book '", name, "' is kept by account alone: write book('", name, "')"));
  }
  BookFact fact{name, {}, false, std::nullopt, std::nullopt};
  if (arguments.size() == 2) {
    if (!IsText(arguments[1].type)) {
      return absl::InvalidArgumentError("the order of a book must be a text");
    }
    if (arguments[1].text.has_value()) {
      fact.order = arguments[1].text;
    } else {
      fact.order_slot = arguments[1].slot;
    }
  }
  for (const std::string& counter : book->second.counters()) {
    fact.counter = counter;
    fact.posted_only = true;
    facts_[absl::StrCat(call, ".posted.", counter)] = fact;
    fact.posted_only = false;
    facts_[absl::StrCat(call, ".", counter)] = fact;
  }
  return Type::Record(absl::StrCat("book_", name));
}

void RuleEnvironment::AddBreakers() {
  (void)environment_.AddRecord(
      {"breaker_state", {{"open", Type::Bool()}, {"half_open", Type::Bool()}}, false});
  (void)environment_.AddAccessor({"breaker", 1, 2, [this](const auto& call, const auto& arguments) {
                                    return ResolveBreaker(call, arguments);
                                  }});
}

absl::StatusOr<Type> RuleEnvironment::ResolveBreaker(const std::string& call,
                                                     std::span<const AccessorArgument> arguments) {
  if (!arguments[0].text.has_value()) {
    return absl::InvalidArgumentError(
        "a breaker is named by its scope, like breaker('refund') or breaker('refund/account', "
        "request.account_id)");
  }
  const std::string& scope = *arguments[0].text;
  const std::string checkpoint = scope.substr(0, scope.find('/'));
  if (checkpoint != kEverything && document_.checkpoints().count(checkpoint) == 0) {
    return absl::NotFoundError(NoSuch("checkpoint", checkpoint, NamesOf(document_.checkpoints()),
                                      "; a scope begins with one, or with *"));
  }
  BreakerFact fact{BreakerFact::Field::kOpen, scope, std::nullopt};
  if (arguments.size() == 2) {
    const bool names_field = absl::StrContains(scope, "/") && !absl::StrContains(scope, ":");
    if (!names_field || !IsText(arguments[1].type) || arguments[1].text.has_value()) {
      return absl::InvalidArgumentError(
          "with a value, a scope ends with its field: breaker('refund/account', "
          "request.account_id)");
    }
    fact.scope.push_back(':');
    fact.value_slot = arguments[1].slot;
  } else if (absl::StrContains(scope, "/") && !absl::StrContains(scope, ":")) {
    return absl::InvalidArgumentError(absl::StrCat("the scope '", scope, "' has no value: write '",
                                                   scope, ":m1', or give a ",
                                                   "field as a second argument"));
  }
  facts_[call + ".open"] = fact;
  fact.field = BreakerFact::Field::kHalfOpen;
  facts_[call + ".half_open"] = fact;
  return Type::Record("breaker_state");
}

void RuleEnvironment::AddSources() {
  (void)environment_.AddRecord({"source_state", {{"lag", Type::Duration()}}, false});
  (void)environment_.AddAccessor(
      {"source", 1, 1,
       [this](const std::string& call,
              std::span<const AccessorArgument> arguments) -> absl::StatusOr<Type> {
         const std::string name = arguments[0].text.value_or("");
         if (document_.sources().count(name) == 0) {
           return absl::NotFoundError(NoSuch("source", name, NamesOf(document_.sources())));
         }
         facts_[call + ".lag"] = core::LagFact{SourceName(name)};
         return Type::Record("source_state");
       }});
}

std::vector<core::RuleFact> RuleEnvironment::Facts() const {
  std::vector<core::RuleFact> facts;
  for (const expression::Slot& slot : environment_.slots()) {
    const auto known = facts_.find(slot.path);
    facts.push_back({slot.path, known != facts_.end() ? known->second : What(core::EventFact{})});
  }
  return facts;
}

namespace {

using Named = std::optional<std::vector<RuleEnvironment::NamedCheckpoint>>;

// Looks for conditions on one slot.
struct Conditions {
  const expression::CheckedExpression& checked;
  uint32_t slot;

  const expression::Node& At(expression::NodeId id) const { return checked.ast.nodes[id]; }
  bool IsSlot(expression::NodeId id) const {
    return checked.meanings[id].reads_slot && checked.meanings[id].slot == slot;
  }
  Named Text(expression::NodeId id) const {
    const expression::Node& node = At(id);
    if (node.kind != expression::NodeKind::kLiteral || !node.literal.is_string()) {
      return std::nullopt;
    }
    return Named({{std::string(node.literal.string_value()), node.offset}});
  }
  static Named Joined(Named a, const Named& b) {
    if (!a.has_value() || !b.has_value()) return std::nullopt;
    a->insert(a->end(), b->begin(), b->end());
    return a;
  }

  Named Of(expression::NodeId id) const {
    const expression::Node& node = At(id);
    if (node.kind != expression::NodeKind::kOperator) return std::nullopt;
    switch (node.op) {
      case expression::Operator::kAnd: {
        // Where one side is false so is the whole, whatever becomes of the other.
        const Named left = Of(node.children[0]);
        return left.has_value() ? left : Of(node.children[1]);
      }
      case expression::Operator::kOr:
        return Joined(Of(node.children[0]), Of(node.children[1]));
      case expression::Operator::kEqual:
        if (IsSlot(node.children[0])) return Text(node.children[1]);
        return IsSlot(node.children[1]) ? Text(node.children[0]) : std::nullopt;
      case expression::Operator::kIn: {
        const expression::Node& list = At(node.children[1]);
        if (!IsSlot(node.children[0]) || list.kind != expression::NodeKind::kList) {
          return std::nullopt;
        }
        Named all = std::vector<RuleEnvironment::NamedCheckpoint>();
        for (const expression::NodeId element : list.children) all = Joined(all, Text(element));
        return all;
      }
      default:
        return std::nullopt;
    }
  }
};

}  // namespace

Named RuleEnvironment::CheckpointsOf(const expression::Program& program) {
  const absl::StatusOr<uint32_t> slot = environment_.SlotOf("request.checkpoint");
  if (!slot.ok()) return std::nullopt;
  return Conditions{program.checked(), *slot}.Of(program.checked().ast.root);
}

}  // namespace fundgate::policy
