#include "server/expression/operators.h"

#include <algorithm>
#include <utility>

#include "server/expression/overloads.h"
#include "server/expression/standard.h"

namespace fundgate::expression {
namespace {

using Kind = Type::Kind;

std::string QuotedOperator(Operator op) { return "'" + std::string(ToString(op)) + "'"; }

std::string Pair(std::span<const Type> types) {
  return types[0].ToString() + " with " + types[1].ToString();
}

bool IsRelation(Operator op) { return op >= Operator::kLess && op <= Operator::kIn; }

OperatorMeaning Of(Type type) {
  OperatorMeaning meaning;
  meaning.type = std::move(type);
  return meaning;
}

OperatorMeaning Wrong(Type type, std::optional<size_t> operand, std::string sentence) {
  OperatorMeaning meaning = Of(std::move(type));
  meaning.problems.push_back({operand, std::move(sentence)});
  return meaning;
}

OperatorMeaning Logic(Operator op, std::span<const Type> types) {
  OperatorMeaning meaning = Of(Type::Bool());
  for (size_t i = 0; i < types.size(); ++i) {
    if (IsAssignable(types[i], Type::Bool())) continue;
    meaning.problems.push_back(
        {i, QuotedOperator(op) + " needs a bool, but this is of type " + types[i].ToString()});
  }
  return meaning;
}

OperatorMeaning Conditional(std::span<const Type> types) {
  OperatorMeaning meaning = Of(Join(types[1], types[2]));
  if (!IsAssignable(types[0], Type::Bool())) {
    meaning.problems.push_back(
        {0, "the condition of ?: must be a bool, but is of type " + types[0].ToString()});
  }
  const bool reported = types[1].is(Kind::kError) || types[2].is(Kind::kError);
  if (!meaning.type.is(Kind::kError) || reported) return meaning;
  meaning.problems.push_back(
      {std::nullopt, "the branches of ?: must have one type, but are of type " +
                         types[1].ToString() + " and " + types[2].ToString() +
                         "; dyn() on both lets the run decide"});
  return meaning;
}

OperatorMeaning Index(std::span<const Type> types) {
  const Type& of = types[0];
  if (of.is(Kind::kDynamic)) return Of(Type::Dynamic());
  if (of.is(Kind::kMap)) {
    if (IsAssignable(types[1], of.key())) return Of(of.element());
    return Wrong(of.element(), 1,
                 "the keys of this map are of type " + of.key().ToString() +
                     ", but this is of type " + types[1].ToString());
  }
  if (!of.is(Kind::kList)) {
    return Wrong(Type::Error(), 0,
                 "only lists and maps have an index, but this is of type " + of.ToString());
  }
  if (IsAssignable(types[1], Type::Int())) return Of(of.element());
  return Wrong(of.element(), 1,
               "the index of a list must be an int, but is of type " + types[1].ToString());
}

bool Comparable(const Type& a, const Type& b) { return IsAssignable(a, b) || IsAssignable(b, a); }

OperatorMeaning In(std::span<const Type> types) {
  const Type& within = types[1];
  if (within.is(Kind::kDynamic)) return Of(Type::Bool());
  if (!within.is(Kind::kList) && !within.is(Kind::kMap)) {
    return Wrong(Type::Bool(), std::nullopt,
                 "'in' needs a list or map on its right, but finds " + within.ToString());
  }
  const bool is_list = within.is(Kind::kList);
  const Type& among = is_list ? within.element() : within.key();
  if (Comparable(types[0], among)) return Of(Type::Bool());
  return Wrong(Type::Bool(), std::nullopt,
               "'in' looks for " + types[0].ToString() + " among " +
                   (is_list ? "elements" : "keys") + " of type " + among.ToString());
}

OperatorMeaning Equality(Operator op, std::span<const Type> types) {
  if (Comparable(types[0], types[1])) return Of(Type::Bool());
  return Wrong(Type::Bool(), std::nullopt, QuotedOperator(op) + " can't compare " + Pair(types));
}

OperatorMeaning Ordering(const Environment& environment, Operator op, std::span<const Type> types) {
  const auto both = [&](const Type& type) {
    return IsAssignable(types[0], type) && IsAssignable(types[1], type);
  };
  for (const Type& type : {Type::Int(), Type::Uint(), Type::Double(), Type::String(), Type::Bool(),
                           Type::Bytes(), Type::Timestamp(), Type::Duration()}) {
    if (both(type)) return Of(Type::Bool());
  }
  for (const OpaqueType& opaque : environment.Opaques()) {
    if (!both(Type::Opaque(opaque.name, opaque.id))) continue;
    if (opaque.compare != nullptr) return Of(Type::Bool());
    return Wrong(Type::Bool(), std::nullopt,
                 "values of type " + opaque.name + " have no order; only == and != compare them");
  }
  return Wrong(Type::Bool(), std::nullopt, QuotedOperator(op) + " can't order " + Pair(types));
}

std::string NumberHint(std::span<const Type> types) {
  const auto is_number = [](const Type& type) {
    return type.is(Kind::kInt) || type.is(Kind::kUint) || type.is(Kind::kDouble);
  };
  if (types.size() < 2 || !is_number(types[0]) || !is_number(types[1])) return "";
  if (types[0].kind() == types[1].kind()) return "";
  return "; convert one with int(), uint() or double()";
}

uint64_t Sum(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? Type::kUnbounded : sum;
}

// Concatenation of two lists, of which one may be known only when it runs.
void AddLists(std::span<const Type> types, std::vector<Type>* results) {
  const bool left = types[0].is(Kind::kList);
  const bool right = types[1].is(Kind::kList);
  if (left && right) {
    const Type element = Join(types[0].element(), types[1].element());
    results->push_back(Type::List(element.is(Kind::kError) ? Type::Dynamic() : element));
  } else if ((left || types[0].is(Kind::kDynamic)) && (right || types[1].is(Kind::kDynamic))) {
    results->push_back(Type::List(Type::Dynamic()));
  }
}

// What the language itself yields for each reading of the operands.
std::vector<Type> StandardResults(Operator op, std::span<const Type> types) {
  std::vector<Type> results;
  const auto add = [&](const Type& left, const Type& right, const Type& result) {
    const bool fits =
        IsAssignable(types[0], left) && (types.size() == 1 || IsAssignable(types[1], right));
    if (fits) results.push_back(result);
  };
  add(Type::Int(), Type::Int(), Type::Int());
  if (op != Operator::kNegate) add(Type::Uint(), Type::Uint(), Type::Uint());
  if (op != Operator::kRemainder) add(Type::Double(), Type::Double(), Type::Double());
  const Type time = Type::Timestamp();
  const Type span = Type::Duration();
  if (op == Operator::kAdd) {
    add(Type::String(), Type::String(), Type::String());
    add(Type::Bytes(), Type::Bytes(), Type::Bytes());
    AddLists(types, &results);
    add(time, span, time);
    add(span, time, time);
    add(span, span, span);
  } else if (op == Operator::kSubtract) {
    add(time, time, span);
    add(time, span, time);
    add(span, span, span);
  }
  return results;
}

OperatorMeaning Arithmetic(const Environment& environment, Operator op,
                           std::span<const Type> types) {
  OperatorMeaning meaning;
  std::vector<Type> results = StandardResults(op, types);
  const OverloadableOperator* overloadable = FindOverloadable(op);
  Overloads found =
      Applicable(environment.FindFunctions(overloadable->function, /*method=*/false), types);
  meaning.overloads = std::move(found.functions);
  results.insert(results.end(), found.results.begin(), found.results.end());
  if (results.empty()) {
    std::string operands = types[0].ToString();
    if (types.size() == 2) operands += " and " + types[1].ToString();
    return Wrong(Type::Error(), std::nullopt,
                 QuotedOperator(op) + " has no meaning for " + operands + NumberHint(types));
  }
  // What the language joins is as long as both; of a host's result nothing is known.
  const bool joins = op == Operator::kAdd && meaning.overloads.empty();
  const uint64_t size = joins ? Sum(types[0].size_max(), types[1].size_max()) : Type::kUnbounded;
  meaning.type = OnlyType(results).AtMost(size);
  return meaning;
}

}  // namespace

OperatorMeaning MeaningOf(const Environment& environment, Operator op,
                          std::span<const Type> operands) {
  if (op == Operator::kAnd || op == Operator::kOr || op == Operator::kNot)
    return Logic(op, operands);
  if (op == Operator::kConditional) return Conditional(operands);
  const bool known = std::none_of(operands.begin(), operands.end(),
                                  [](const Type& type) { return type.is(Kind::kError); });
  if (!known) return Of(IsRelation(op) ? Type::Bool() : Type::Error());
  if (op == Operator::kIndex) return Index(operands);
  if (op == Operator::kIn) return In(operands);
  if (op == Operator::kEqual || op == Operator::kNotEqual) return Equality(op, operands);
  return IsRelation(op) ? Ordering(environment, op, operands)
                        : Arithmetic(environment, op, operands);
}

}  // namespace fundgate::expression
