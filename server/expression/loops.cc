#include <cstddef>

#include "server/expression/evaluation.h"
#include "server/expression/map.h"

namespace fundgate::expression {
namespace {

size_t CountOf(const Value& range) {
  return range.is_list() ? range.list_value().size() : range.map_size();
}

}  // namespace

Value Evaluation::List(const Step& step) {
  Value* elements = scratch_->TakeValues(step.b);
  if (elements == nullptr) return Fail(step, ErrorCode::kTooMuchMemory);
  const Value error = Gather(step, elements);
  return error.is_error() ? error : Value::List({elements, step.b});
}

Value Evaluation::Map(const Step& step) {
  Value* entries = scratch_->TakeValues(step.b);
  if (entries == nullptr) return Fail(step, ErrorCode::kTooMuchMemory);
  const Value error = Gather(step, entries);
  if (error.is_error()) return error;
  if (!Spend(step.b)) return Fail(step, ErrorCode::kTooManySteps);
  return SortMap({entries, step.b}) ? Value::Map({entries, step.b})
                                    : Fail(step, ErrorCode::kBadKey);
}

Value Evaluation::Bind(const Step& step) {
  // An error is a value like any other here: it counts only where the variable is used.
  locals_[step.extra] = Eval(step.a);
  return Eval(step.c);
}

Value Evaluation::RunLoop(const Step& step) {
  const Value range = Eval(step.a);
  if (range.is_error()) return range;
  if (!range.is_list() && !range.is_map()) return Fail(step, ErrorCode::kNoSuchOverload);
  const LoopPlan& plan = code_.loops[step.extra];
  switch (plan.loop) {
    case Loop::kAll:
      return Quantifier(step, plan, range, /*absorbing=*/false);
    case Loop::kExists:
      return Quantifier(step, plan, range, /*absorbing=*/true);
    case Loop::kExistsOne:
      return ExistsOne(step, plan, range);
    case Loop::kFilter:
      return Filter(step, plan, range);
    case Loop::kMap:
      return Transform(step, plan, range);
    case Loop::kTransformMap:
      return TransformMap(step, plan, range);
  }
  return Fail(step, ErrorCode::kNotSupported);
}

void Evaluation::SetVariables(const LoopPlan& plan, const Value& range, size_t i) {
  Value* variables = locals_ + plan.local;
  const bool two = plan.two_variables;
  if (range.is_map()) {
    variables[0] = range.map_entries()[2 * i];
    if (two) variables[1] = range.map_entries()[2 * i + 1];
    return;
  }
  if (two) variables[0] = Value::Int(static_cast<int64_t>(i));
  variables[two ? 1 : 0] = range.list_value()[i];
}

// all is && over the elements, exists ||: what is no bool counts as an error, and errors are
// absorbed by one element that settles it.
Value Evaluation::Quantifier(const Step& step, const LoopPlan& plan, const Value& range,
                             bool absorbing) {
  Value result = Value::Bool(!absorbing);
  const bool rewinds = scratch_ != nullptr;
  const Scratch::Mark mark = rewinds ? scratch_->mark() : Scratch::Mark{};
  for (size_t i = 0, count = CountOf(range); i < count; ++i) {
    if (!Spend(1 + plan.weight)) return Fail(step, ErrorCode::kTooManySteps);
    SetVariables(plan, range, i);
    const Value said = Eval(step.b);
    // A bool views nothing that the condition built.
    if (rewinds) scratch_->Rewind(mark);
    if (said.is_bool() && said.bool_value() == absorbing) return said;
    if (said.is_bool() || result.is_error()) continue;
    result = said.is_error() ? said : Fail(code_.steps[step.b], ErrorCode::kNoSuchOverload);
  }
  return steps_left_ < 0 ? Fail(step, ErrorCode::kTooManySteps) : result;
}

Value Evaluation::ExistsOne(const Step& step, const LoopPlan& plan, const Value& range) {
  size_t found = 0;
  for (size_t i = 0, count = CountOf(range); i < count; ++i) {
    if (!Spend(1 + plan.weight)) return Fail(step, ErrorCode::kTooManySteps);
    SetVariables(plan, range, i);
    const Value said = Eval(step.b);
    if (said.is_error()) return said;
    if (!said.is_bool()) return Fail(code_.steps[step.b], ErrorCode::kNoSuchOverload);
    found += said.bool_value() ? 1 : 0;
  }
  return Value::Bool(found == 1);
}

Value Evaluation::Filter(const Step& step, const LoopPlan& plan, const Value& range) {
  const size_t count = CountOf(range);
  Value* kept = scratch_->TakeValues(count);
  if (kept == nullptr) return Fail(step, ErrorCode::kTooMuchMemory);
  const Scratch::Mark mark = scratch_->mark();
  size_t size = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!Spend(1 + plan.weight)) return Fail(step, ErrorCode::kTooManySteps);
    SetVariables(plan, range, i);
    const Value said = Eval(step.b);
    scratch_->Rewind(mark);
    if (said.is_error()) return said;
    if (!said.is_bool()) return Fail(code_.steps[step.b], ErrorCode::kNoSuchOverload);
    if (said.bool_value()) kept[size++] = locals_[plan.local];
  }
  return Value::List({kept, size});
}

Value Evaluation::Transform(const Step& step, const LoopPlan& plan, const Value& range) {
  const size_t count = CountOf(range);
  Value* transformed = scratch_->TakeValues(count);
  if (transformed == nullptr) return Fail(step, ErrorCode::kTooMuchMemory);
  size_t size = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!Spend(1 + plan.weight)) return Fail(step, ErrorCode::kTooManySteps);
    SetVariables(plan, range, i);
    if (step.b != Step::kNone) {
      const Value said = Eval(step.b);
      if (said.is_error()) return said;
      if (!said.is_bool()) return Fail(code_.steps[step.b], ErrorCode::kNoSuchOverload);
      if (!said.bool_value()) continue;
    }
    const Value value = Eval(step.c);
    if (value.is_error()) return value;
    transformed[size++] = value;
  }
  return Value::List({transformed, size});
}

// The keys stay sorted, so the entries need no sorting.
Value Evaluation::TransformMap(const Step& step, const LoopPlan& plan, const Value& range) {
  const size_t count = CountOf(range);
  Value* entries = scratch_->TakeValues(2 * count);
  if (entries == nullptr) return Fail(step, ErrorCode::kTooMuchMemory);
  size_t size = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!Spend(1 + plan.weight)) return Fail(step, ErrorCode::kTooManySteps);
    SetVariables(plan, range, i);
    const Value key = locals_[plan.local];
    if (step.b != Step::kNone) {
      const Value said = Eval(step.b);
      if (said.is_error()) return said;
      if (!said.is_bool()) return Fail(code_.steps[step.b], ErrorCode::kNoSuchOverload);
      if (!said.bool_value()) continue;
    }
    const Value value = Eval(step.c);
    if (value.is_error()) return value;
    entries[size++] = key;
    entries[size++] = value;
  }
  return Value::Map({entries, size});
}

}  // namespace fundgate::expression
