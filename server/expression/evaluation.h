// One run of a program: a walk over the tree of its steps. Inside the interpreter only.
#ifndef SERVER_EXPRESSION_EVALUATION_H_
#define SERVER_EXPRESSION_EVALUATION_H_

#include <cstdint>
#include <span>

#include "server/expression/code.h"

namespace fundgate::expression {

// Every step checks the kinds of what it meets, whatever the static types promise: a slot that a
// host filled wrongly gives an error, never a misread value. Operators are in run.cc, what runs
// over lists and maps or makes them is in loops.cc.
class Evaluation {
 public:
  Evaluation(const Code& code, const Frame& frame)
      : code_(code),
        slots_(frame.slots),
        lazy_(frame.lazy),
        scratch_(frame.scratch),
        locals_(frame.locals),
        steps_left_(code.budget) {}

  Value Eval(uint32_t number);

 private:
  // The value of an operand: where it lies if it lies anywhere, else `room`, which gets it. Most
  // operands are constants and slots, and a value is three words to copy.
  const Value& Operand(uint32_t number, Value* room) {
    const Step& step = code_.steps[number];
    if (step.op == Op::kConstant) return code_.constants[step.extra];
    if (step.op == Op::kSlot && step.extra < slots_.size()) {
      const Value& value = slots_[step.extra];
      if (!value.is_absent() && !value.is_error()) return value;
    }
    if (step.op == Op::kLocal) return locals_[step.extra];
    *room = Eval(number);
    return *room;
  }

  static Value Fail(const Step& step, ErrorCode code) {
    return Value::Error(code, nullptr, step.offset);
  }
  // A result that may be an error without a place yet.
  static Value Placed(const Step& step, const Value& value) {
    return value.is_error() ? value.AtOffset(step.offset) : value;
  }
  // Takes steps from the budget; false once it is spent.
  bool Spend(size_t steps) {
    steps_left_ -= static_cast<int64_t>(steps);
    return steps_left_ >= 0;
  }

  Value Slot(const Step& step) const;
  Value HasSlot(const Step& step) const;
  Value Not(const Step& step);
  Value Negation(const Step& step);
  Value IntArithmetic(const Step& step);
  Value Arithmetic(const Step& step, const Value& a, const Value& b);
  bool Same(const Value& a, const Value& b);
  Value Join(const Step& step, const Value& a, const Value& b);
  Value Order(const Step& step);
  Value OrderOf(const Step& step, const Value& a, const Value& b);
  Value OpaqueOrder(const Step& step, const Value& a, const Value& b) const;
  Value Equality(const Step& step);
  Value In(const Step& step);
  Value Logic(const Step& step, bool absorbing);
  Value Conditional(const Step& step);
  Value Index(const Step& step);
  Value Select(const Step& step);
  Value Has(const Step& step);
  Value Call(const Step& step);
  Value Dispatch(const Step& step, std::span<const Value> arguments);
  Value Matches(const Step& step);

  // Evaluates `count` operands into `values`; the first error, or absent if there is none.
  Value Gather(const Step& step, Value* values);
  Value List(const Step& step);
  Value Map(const Step& step);
  Value Bind(const Step& step);
  Value RunLoop(const Step& step);

  // Puts turn `i` over the range into the loop's variables.
  void SetVariables(const LoopPlan& plan, const Value& range, size_t i);
  Value Quantifier(const Step& step, const LoopPlan& plan, const Value& range, bool absorbing);
  Value ExistsOne(const Step& step, const LoopPlan& plan, const Value& range);
  Value Filter(const Step& step, const LoopPlan& plan, const Value& range);
  Value Transform(const Step& step, const LoopPlan& plan, const Value& range);
  Value TransformMap(const Step& step, const LoopPlan& plan, const Value& range);

  const Code& code_;
  const std::span<const Value> slots_;
  const Activation* const lazy_;
  Scratch* const scratch_;
  Value* const locals_;
  int64_t steps_left_;
};

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_EVALUATION_H_
