#include "server/expression/parser.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "server/expression/lexer.h"
#include "server/expression/macros.h"
#include "server/expression/numbers.h"

namespace fundgate::expression {
namespace {

struct BinaryOperator {
  std::string_view symbol;
  Operator op;
  int precedence;
};

constexpr int kLowestPrecedence = 1;
constexpr BinaryOperator kBinaryOperators[] = {
    {"||", Operator::kOr, 1},      {"&&", Operator::kAnd, 2},
    {"<", Operator::kLess, 3},     {"<=", Operator::kLessEqual, 3},
    {">", Operator::kGreater, 3},  {">=", Operator::kGreaterEqual, 3},
    {"==", Operator::kEqual, 3},   {"!=", Operator::kNotEqual, 3},
    {"in", Operator::kIn, 3},      {"+", Operator::kAdd, 4},
    {"-", Operator::kSubtract, 4}, {"*", Operator::kMultiply, 5},
    {"/", Operator::kDivide, 5},   {"%", Operator::kRemainder, 5},
};

// Every function returns the number of the node it made; once something has failed the number
// means nothing, and all return as fast as they can.
class Parser {
 public:
  Parser(std::string_view source, const Options& options, std::vector<Token> tokens,
         std::vector<Issue>* issues)
      : options_(options), tokens_(std::move(tokens)), issues_(issues) {
    ast_.source = std::string(source);
  }

  std::optional<Ast> Run() {
    ast_.root = Expr();
    if (!failed_ && Peek().kind != TokenKind::kEnd) {
      Fail(Peek(), "the expression should end here, but " + Found(Peek()) + " follows");
    }
    if (failed_) return std::nullopt;
    return std::move(ast_);
  }

 private:
  const Token& Peek() const { return tokens_[at_]; }
  const Token& Take() {
    const Token& token = tokens_[at_];
    if (token.kind != TokenKind::kEnd) ++at_;
    return token;
  }
  bool TakeIf(std::string_view symbol) {
    if (!Peek().Is(symbol)) return false;
    Take();
    return true;
  }

  static std::string Found(const Token& token) {
    if (token.kind == TokenKind::kEnd) return "the end of the text";
    return "'" + std::string(token.text) + "'";
  }

  NodeId Fail(const Token& token, std::string message) {
    return FailAt(token.offset, std::move(message));
  }

  NodeId FailAt(uint32_t offset, std::string message) {
    if (!failed_) issues_->push_back({offset, Locate(ast_.source, offset), std::move(message)});
    failed_ = true;
    return 0;
  }

  bool Expect(std::string_view symbol, std::string_view to) {
    if (failed_) return false;
    if (TakeIf(symbol)) return true;
    Fail(Peek(),
         "expected '" + std::string(symbol) + "' " + std::string(to) + ", found " + Found(Peek()));
    return false;
  }

  NodeId Add(Node node) {
    if (failed_) return 0;
    const Token& here = tokens_[at_ == 0 ? 0 : at_ - 1];
    if (ast_.nodes.size() >= options_.nodes_max) {
      return Fail(here, "the expression is too large: it may have " +
                            std::to_string(options_.nodes_max) + " literals, names and operators");
    }
    size_t depth = 1;
    for (const NodeId child : node.children) depth = std::max(depth, depths_[child] + 1);
    if (depth > options_.depth_max) return FailDepth(here);
    depths_.push_back(depth);
    ast_.nodes.push_back(std::move(node));
    return static_cast<NodeId>(ast_.nodes.size() - 1);
  }

  NodeId FailDepth(const Token& token) {
    return Fail(token, "the expression is too deep: it may have " +
                           std::to_string(options_.depth_max) +
                           " levels of brackets and operators");
  }

  NodeId AddOperator(Operator op, const Token& token, std::vector<NodeId> children) {
    return Add({.kind = NodeKind::kOperator,
                .op = op,
                .offset = token.offset,
                .children = std::move(children)});
  }

  NodeId Expr() {
    if (failed_) return 0;
    if (nesting_ >= options_.depth_max) return FailDepth(Peek());
    ++nesting_;
    NodeId result = Binary(kLowestPrecedence);
    const Token& question = Peek();
    if (!failed_ && TakeIf("?")) {
      const NodeId yes = Binary(kLowestPrecedence);
      if (Expect(":", "between the two branches of ?:")) {
        const NodeId no = Expr();
        result = AddOperator(Operator::kConditional, question, {result, yes, no});
      }
    }
    --nesting_;
    return result;
  }

  static const BinaryOperator* FindBinary(const Token& token) {
    if (token.kind != TokenKind::kSymbol && token.kind != TokenKind::kIn) return nullptr;
    for (const BinaryOperator& candidate : kBinaryOperators) {
      if (candidate.symbol == token.text) return &candidate;
    }
    return nullptr;
  }

  // Operators of `least` and tighter ones, each level from left to right.
  NodeId Binary(int least) {
    NodeId left = Unary();
    while (!failed_) {
      const Token& token = Peek();
      const BinaryOperator* found = FindBinary(token);
      if (found == nullptr || found->precedence < least) break;
      Take();
      const NodeId right = Binary(found->precedence + 1);
      left = AddOperator(found->op, token, {left, right});
    }
    return left;
  }

  NodeId Unary() {
    const size_t first = at_;
    const std::string_view sign = Peek().Is("!") ? "!" : "-";
    while (Peek().Is(sign)) Take();
    size_t count = at_ - first;
    const bool is_number = Peek().kind == TokenKind::kInt || Peek().kind == TokenKind::kDouble;
    const bool negative = count > 0 && sign == "-" && is_number;
    if (negative) --count;
    NodeId result = Member(negative);
    const Operator op = sign == "!" ? Operator::kNot : Operator::kNegate;
    while (!failed_ && count > 0) result = AddOperator(op, tokens_[first + --count], {result});
    return result;
  }

  NodeId Member(bool negative) {
    NodeId result = Primary(negative);
    while (!failed_) {
      const Token& token = Peek();
      if (TakeIf(".")) {
        result = Selection(result);
      } else if (TakeIf("[")) {
        const NodeId index = Expr();
        if (Expect("]", "after the index")) {
          result = AddOperator(Operator::kIndex, token, {result, index});
        }
      } else if (TakeIf("{")) {
        if (Entries(/*of_message=*/true)) {
          result = Unsupported(token, "messages (Name{field: value})");
        }
      } else {
        break;
      }
    }
    return result;
  }

  NodeId Selection(NodeId operand) {
    const Token& name = Take();
    if (name.kind == TokenKind::kQuotedName) return Select(name, name.value, operand);
    if (name.kind != TokenKind::kName) {
      return Fail(name, "expected the name of a field or method after '.', found " + Found(name));
    }
    if (!TakeIf("(")) return Select(name, std::string(name.text), operand);
    return Call(name, /*method=*/true, {operand});
  }

  NodeId Select(const Token& token, std::string field, NodeId operand) {
    return Add({.kind = NodeKind::kSelect,
                .offset = token.offset,
                .text = std::move(field),
                .children = {operand}});
  }

  NodeId Call(const Token& name, bool method, std::vector<NodeId> arguments) {
    if (!Peek().Is(")")) {
      do {
        arguments.push_back(Expr());
      } while (!failed_ && TakeIf(","));
    }
    if (!Expect(")", "after the arguments")) return 0;
    if (arguments.size() > options_.arguments_max) {
      return Fail(name,
                  "too many arguments: a call may have " + std::to_string(options_.arguments_max));
    }
    if (failed_) return 0;
    if (auto expansion = ExpandMacro(ast_, name.text, method, arguments)) {
      return Expanded(name, *std::move(expansion));
    }
    return Add({.kind = NodeKind::kCall,
                .method = method,
                .offset = name.offset,
                .text = std::string(name.text),
                .children = std::move(arguments)});
  }

  NodeId Expanded(const Token& name, Expansion expansion) {
    if (!expansion.problem.empty()) {
      const uint32_t offset = expansion.place ? ast_.nodes[*expansion.place].offset : name.offset;
      return FailAt(offset, std::move(expansion.problem));
    }
    expansion.node.offset = name.offset;
    return Add(std::move(expansion.node));
  }

  NodeId Primary(bool negative) {
    const Token& token = Take();
    switch (token.kind) {
      case TokenKind::kInt:
        return Int(token, negative);
      case TokenKind::kUint:
        return Uint(token);
      case TokenKind::kDouble:
        return Double(token, negative);
      case TokenKind::kString:
        ast_.strings.push_back(token.value);
        return Literal(token, Value::String(ast_.strings.back()));
      case TokenKind::kTrue:
      case TokenKind::kFalse:
        return Literal(token, Value::Bool(token.kind == TokenKind::kTrue));
      case TokenKind::kNull:
        return Literal(token, Value::Null());
      case TokenKind::kBytes:
        ast_.strings.push_back(token.value);
        return Literal(token, Value::Bytes(ast_.strings.back()));
      case TokenKind::kName:
        return Name(token, /*absolute=*/false);
      case TokenKind::kSymbol:
        return Bracket(token);
      default:
        return Fail(token, "expected an expression, found " + Found(token));
    }
  }

  NodeId Bracket(const Token& token) {
    if (token.Is("(")) {
      const NodeId inner = Expr();
      Expect(")", "to close the '('");
      return inner;
    }
    if (token.Is("[")) return List(token);
    if (token.Is("{")) return Map(token);
    if (token.Is(".") && Peek().kind == TokenKind::kName) return Name(Take(), /*absolute=*/true);
    return Fail(token, "expected an expression, found " + Found(token));
  }

  NodeId Name(const Token& name, bool absolute) {
    if (IsReserved(name.text)) {
      return Fail(name, "'" + std::string(name.text) + "' is a reserved word and can't be a name");
    }
    if (TakeIf("(")) return Call(name, /*method=*/false, {});
    return Add({.kind = NodeKind::kName,
                .absolute = absolute,
                .offset = name.offset,
                .text = std::string(name.text)});
  }

  NodeId List(const Token& bracket) {
    std::vector<NodeId> elements;
    while (!failed_ && !Peek().Is("]") && !Peek().Is(",")) {
      elements.push_back(Expr());
      if (!Peek().Is(",") || tokens_[at_ + 1].Is("]")) break;
      Take();
      if (Peek().Is(",")) return Fail(Peek(), "expected an element of the list, found ','");
    }
    TakeIf(",");
    if (!Expect("]", "to close the list")) return 0;
    if (elements.size() > options_.list_elements_max) {
      return Fail(bracket, "the list is too long: it may have " +
                               std::to_string(options_.list_elements_max) + " elements");
    }
    return Add(
        {.kind = NodeKind::kList, .offset = bracket.offset, .children = std::move(elements)});
  }

  NodeId Map(const Token& brace) {
    const auto entries = Entries(/*of_message=*/false);
    if (!entries) return 0;
    if (entries->size() / 2 > options_.list_elements_max) {
      return Fail(brace, "the map is too long: it may have " +
                             std::to_string(options_.list_elements_max) + " entries");
    }
    return Add({.kind = NodeKind::kMap, .offset = brace.offset, .children = *entries});
  }

  // Of maps and messages, behind the opening brace: keys and values in turn. The keys of messages
  // are names of fields, which are skipped.
  std::optional<std::vector<NodeId>> Entries(bool of_message) {
    std::vector<NodeId> entries;
    while (!failed_ && !Peek().Is("}") && !Peek().Is(",")) {
      const bool names = Peek().kind == TokenKind::kName || Peek().kind == TokenKind::kQuotedName;
      if (of_message && names) {
        Take();
      } else {
        entries.push_back(Expr());
      }
      if (!Expect(":", "between a key and its value")) return std::nullopt;
      entries.push_back(Expr());
      if (!Peek().Is(",") || tokens_[at_ + 1].Is("}")) break;
      Take();
      if (Peek().Is(",")) Fail(Peek(), "expected an entry, found ','");
    }
    TakeIf(",");
    if (!Expect("}", "to close the '{'")) return std::nullopt;
    return entries;
  }

  NodeId Unsupported(const Token& token, const char* what) {
    return Add({.kind = NodeKind::kUnsupported, .offset = token.offset, .text = what});
  }

  NodeId Literal(const Token& token, Value value) {
    return Add({.kind = NodeKind::kLiteral, .offset = token.offset, .literal = value});
  }

  // The number of an integer literal; nothing if it does not fit in 64 bits.
  static std::optional<uint64_t> Magnitude(std::string_view text) {
    const bool hex = text.size() > 2 && text[1] == 'x';
    if (hex) text.remove_prefix(2);
    uint64_t magnitude = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), magnitude, hex ? 16 : 10);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return magnitude;
  }

  NodeId Int(const Token& token, bool negative) {
    constexpr uint64_t kMost = uint64_t{1} << 63;
    const std::optional<uint64_t> magnitude = Magnitude(token.text);
    if (!magnitude || *magnitude > (negative ? kMost : kMost - 1)) {
      return Fail(token,
                  "this number does not fit in an int, which goes from "
                  "-9223372036854775808 to 9223372036854775807");
    }
    const uint64_t bits = negative ? 0 - *magnitude : *magnitude;
    return Literal(token, Value::Int(static_cast<int64_t>(bits)));
  }

  NodeId Uint(const Token& token) {
    const std::optional<uint64_t> magnitude = Magnitude(token.text);
    if (!magnitude) {
      return Fail(token,
                  "this number does not fit in a uint, which goes up to 18446744073709551615u");
    }
    return Literal(token, Value::Uint(*magnitude));
  }

  NodeId Double(const Token& token, bool negative) {
    const std::optional<double> number = ReadDouble(token.text);
    if (!number) return Fail(token, "this number is too large for a double");
    return Literal(token, Value::Double(negative ? -*number : *number));
  }

  const Options& options_;
  const std::vector<Token> tokens_;
  std::vector<Issue>* issues_;
  Ast ast_;
  std::vector<size_t> depths_;  // of each node's subtree
  size_t at_ = 0;
  size_t nesting_ = 0;
  bool failed_ = false;
};

}  // namespace

std::string_view ToString(Operator op) {
  switch (op) {
    case Operator::kNot:
      return "!";
    case Operator::kNegate:
      return "-";
    case Operator::kConditional:
      return "?:";
    case Operator::kIndex:
      return "[]";
    default:
      break;
  }
  for (const BinaryOperator& candidate : kBinaryOperators) {
    if (candidate.op == op) return candidate.symbol;
  }
  return "";
}

std::optional<Ast> Parse(std::string_view source, const Options& options,
                         std::vector<Issue>* issues) {
  if (source.size() > options.source_bytes_max) {
    issues->push_back({0,
                       {},
                       "the expression is too long: it has " + std::to_string(source.size()) +
                           " bytes, and " + std::to_string(options.source_bytes_max) +
                           " are allowed"});
    return std::nullopt;
  }
  const size_t before = issues->size();
  std::vector<Token> tokens = Tokenize(source, issues);
  if (issues->size() != before) return std::nullopt;
  return Parser(source, options, std::move(tokens), issues).Run();
}

}  // namespace fundgate::expression
