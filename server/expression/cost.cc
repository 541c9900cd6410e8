#include "server/expression/cost.h"

#include <algorithm>
#include <string>
#include <utility>

namespace fundgate::expression {
namespace {

using Kind = Type::Kind;

// Sums and products stop at the largest number: that is above every limit.
uint64_t Sum(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

uint64_t Product(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

class Bounding {
 public:
  Bounding(const CheckedExpression& checked, const Options& options, std::vector<Issue>* issues)
      : checked_(checked), options_(options), issues_(issues) {}

  uint64_t Run() {
    const NodeId root = checked_.ast.root;
    const uint64_t cost = Of(root);
    if (!unbounded_ && cost > options_.cost_max) {
      Report(worst_loop_ != nullptr ? worst_loop_->offset : checked_.ast.nodes[root].offset,
             "the expression may take too long: " +
                 (cost == UINT64_MAX ? "more steps than can be counted"
                                     : std::to_string(cost) + " steps") +
                 ", and " + std::to_string(options_.cost_max) + " are allowed");
    }
    return cost;
  }

 private:
  void Report(uint32_t offset, std::string message) {
    issues_->push_back({offset, Locate(checked_.ast.source, offset), std::move(message)});
  }

  const Type& TypeOf(NodeId id) const { return checked_.meanings[id].type; }

  uint64_t Of(NodeId id) {
    const Node& node = checked_.ast.nodes[id];
    const Meaning& meaning = checked_.meanings[id];
    if (meaning.reads_slot || meaning.fails != ErrorCode::kNone) return 1;
    if (node.kind == NodeKind::kLoop) return OfLoop(node);
    uint64_t cost = 1;
    for (const NodeId child : node.children) cost = Sum(cost, Of(child));
    if (node.kind == NodeKind::kOperator) return Sum(cost, OfOperator(node, meaning));
    const bool passes_through =
        node.kind == NodeKind::kCall &&
        !std::all_of(meaning.overloads.begin(), meaning.overloads.end(),
                     [](const auto& function) { return function->constant_time; });
    if (!passes_through) return cost;
    for (const NodeId child : node.children) cost = Sum(cost, Length(TypeOf(child)));
    return Sum(cost, Length(meaning.type));
  }

  uint64_t OfLoop(const Node& node) {
    const NodeId range = node.children[0];
    const uint64_t before = Of(range);
    uint64_t turn = 1;
    for (size_t i = 1; i < node.children.size(); ++i) turn = Sum(turn, Of(node.children[i]));
    const uint64_t turns = TypeOf(range).size_max();
    if (turns == Type::kUnbounded) {
      if (!unbounded_) {
        Report(checked_.ast.nodes[range].offset,
               "'" + node.text +
                   "' can't be bounded: it runs over a value whose size has no declared maximum");
      }
      unbounded_ = true;
      return before;
    }
    const uint64_t loop = Product(turns, turn);
    if (worst_loop_ == nullptr || loop >= worst_) {
      worst_loop_ = &node;
      worst_ = loop;
    }
    return Sum(before, loop);
  }

  // Beyond one step for itself.
  uint64_t OfOperator(const Node& node, const Meaning& meaning) const {
    switch (node.op) {
      case Operator::kEqual:
      case Operator::kNotEqual:
      case Operator::kLess:
      case Operator::kLessEqual:
      case Operator::kGreater:
      case Operator::kGreaterEqual:
        // It ends with the shorter of the two.
        return std::min(Weight(TypeOf(node.children[0])), Weight(TypeOf(node.children[1])));
      case Operator::kIn: {
        const Type& among = TypeOf(node.children[1]);
        return among.is(Kind::kMap) ? 0 : Weight(among);
      }
      case Operator::kAdd:
        return Length(meaning.type);
      default:
        return 0;
    }
  }

  // Steps to pass once over a value, its elements being one each.
  uint64_t Length(const Type& type) const {
    const bool is_text = type.is(Kind::kString) || type.is(Kind::kBytes);
    const uint64_t per_step = is_text ? kStringBytesPerStep : 1;
    if (type.size_max() != Type::kUnbounded) return type.size_max() / per_step;
    return options_.string_bytes_assumed / kStringBytesPerStep;
  }

  // Steps to look through a value and all that it holds.
  uint64_t Weight(const Type& type) const {
    const uint64_t length = Length(type);
    if (type.is(Kind::kList)) return Product(length, Sum(1, Weight(type.element())));
    if (!type.is(Kind::kMap)) return length;
    return Product(length, Sum(2, Sum(Weight(type.key()), Weight(type.element()))));
  }

  const CheckedExpression& checked_;
  const Options& options_;
  std::vector<Issue>* issues_;
  bool unbounded_ = false;
  const Node* worst_loop_ = nullptr;
  uint64_t worst_ = 0;
};

}  // namespace

uint64_t BoundCost(const CheckedExpression& checked, const Options& options,
                   std::vector<Issue>* issues) {
  return Bounding(checked, options, issues).Run();
}

}  // namespace fundgate::expression
