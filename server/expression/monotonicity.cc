#include "server/expression/monotonicity.h"

#include <algorithm>
#include <optional>

#include "server/expression/ast.h"
#include "server/expression/numbers.h"

namespace fundgate::expression {
namespace {

// Why it may be said of 64-bit integers what holds for unbounded ones: every operation here is
// either exact or an error, and an error that && or || absorbs leaves the result that any value in
// its place would have given, the exact one included. So two runs that end in true or false end as
// they would without bounds, where each rule is plain arithmetic.

// How a value moves with the variable; for booleans false is below true.
enum class Slope : uint8_t { kFlat, kUp, kDown, kUnknown };

Slope Flip(Slope slope) {
  if (slope == Slope::kUp) return Slope::kDown;
  return slope == Slope::kDown ? Slope::kUp : slope;
}

Slope Both(Slope a, Slope b) {
  if (a == Slope::kFlat || a == b) return b;
  return b == Slope::kFlat ? a : Slope::kUnknown;
}

class Analysis {
 public:
  Analysis(const CheckedExpression& checked, uint32_t slot) : checked_(checked), slot_(slot) {}

  Slope Of(NodeId id) const {
    const Node& node = checked_.ast.nodes[id];
    const Meaning& meaning = checked_.meanings[id];
    if (node.kind == NodeKind::kLiteral) return Slope::kFlat;
    if (meaning.reads_slot) return Variable(meaning);
    std::vector<Slope> slopes;
    for (const NodeId child : node.children) slopes.push_back(Of(child));
    const bool flat = std::all_of(slopes.begin(), slopes.end(),
                                  [](Slope slope) { return slope == Slope::kFlat; });
    if (flat) return Slope::kFlat;
    if (node.kind != NodeKind::kOperator) return Slope::kUnknown;
    return OfOperator(node, meaning, slopes);
  }

 private:
  Slope Variable(const Meaning& meaning) const {
    if (meaning.slot != slot_) return Slope::kFlat;
    return meaning.type == Type::Int() ? Slope::kUp : Slope::kUnknown;
  }

  // At least one operand moves.
  Slope OfOperator(const Node& node, const Meaning& meaning,
                   const std::vector<Slope>& slopes) const {
    switch (node.op) {
      case Operator::kNot:
        return Flip(slopes[0]);
      case Operator::kAnd:
      case Operator::kOr:
        return Both(slopes[0], slopes[1]);
      case Operator::kLess:
      case Operator::kLessEqual:
        return Ordered(node) ? Both(Flip(slopes[0]), slopes[1]) : Slope::kUnknown;
      case Operator::kGreater:
      case Operator::kGreaterEqual:
        return Ordered(node) ? Both(slopes[0], Flip(slopes[1])) : Slope::kUnknown;
      case Operator::kConditional:
        return slopes[0] == Slope::kFlat ? Both(slopes[1], slopes[2]) : Slope::kUnknown;
      default:
        return meaning.type == Type::Int() ? OfArithmetic(node, slopes) : Slope::kUnknown;
    }
  }

  // Integers on both sides: a moving side of unknown type might be compared as something else.
  bool Ordered(const Node& node) const {
    return TypeOf(node.children[0]) == Type::Int() && TypeOf(node.children[1]) == Type::Int();
  }

  const Type& TypeOf(NodeId id) const { return checked_.meanings[id].type; }

  Slope OfArithmetic(const Node& node, const std::vector<Slope>& slopes) const {
    switch (node.op) {
      case Operator::kNegate:
        return Flip(slopes[0]);
      case Operator::kAdd:
        return Both(slopes[0], slopes[1]);
      case Operator::kSubtract:
        return Both(slopes[0], Flip(slopes[1]));
      case Operator::kMultiply: {
        const bool left = slopes[0] == Slope::kFlat;
        return Scaled(slopes[left ? 1 : 0], Constant(node.children[left ? 0 : 1]));
      }
      case Operator::kDivide: {
        // Division by 0 is an error for every numerator.
        const std::optional<int64_t> by = Constant(node.children[1]);
        return by == 0 ? Slope::kUnknown : Scaled(slopes[0], by);
      }
      default:
        return Slope::kUnknown;
    }
  }

  static Slope Scaled(Slope slope, std::optional<int64_t> factor) {
    if (!factor) return Slope::kUnknown;
    if (*factor == 0) return Slope::kFlat;
    return *factor > 0 ? slope : Flip(slope);
  }

  // The value of a tree of int literals.
  std::optional<int64_t> Constant(NodeId id) const {
    const Value value = ConstantValue(id);
    if (!value.is_int()) return std::nullopt;
    return value.int_value();
  }

  Value ConstantValue(NodeId id) const {
    const Node& node = checked_.ast.nodes[id];
    if (node.kind == NodeKind::kLiteral) return node.literal;
    if (node.kind != NodeKind::kOperator || TypeOf(id) != Type::Int()) return Value::Absent();
    if (node.op == Operator::kNegate) return Negate(ConstantValue(node.children[0]));
    if (node.children.size() != 2) return Value::Absent();
    return Arithmetic(node.op, ConstantValue(node.children[0]), ConstantValue(node.children[1]));
  }

  const CheckedExpression& checked_;
  const uint32_t slot_;
};

Direction ToDirection(Slope slope) {
  switch (slope) {
    case Slope::kFlat:
      return Direction::kNone;
    case Slope::kUp:
      return Direction::kLoosens;
    case Slope::kDown:
      return Direction::kTightens;
    case Slope::kUnknown:
      break;
  }
  return Direction::kUnbounded;
}

}  // namespace

std::string_view ToString(Direction direction) {
  switch (direction) {
    case Direction::kNone:
      return "no influence";
    case Direction::kLoosens:
      return "loosens";
    case Direction::kTightens:
      return "tightens";
    case Direction::kUnbounded:
      break;
  }
  return "unbounded";
}

std::vector<Direction> Monotonicity(const Program& program, std::span<const uint32_t> slots) {
  const CheckedExpression& checked = program.checked();
  std::vector<Direction> directions;
  for (const uint32_t slot : slots) {
    const Slope slope = program.result_type() == Type::Bool()
                            ? Analysis(checked, slot).Of(checked.ast.root)
                            : Slope::kUnknown;
    directions.push_back(ToDirection(slope));
  }
  return directions;
}

}  // namespace fundgate::expression
