// Random programs over text, lists, maps and macros must give what a slow and obvious evaluator
// gives, which holds its values in the standard library's containers and shares no code with the
// language.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/expression/helpers.h"

namespace fundgate::expression {
namespace {

constexpr uint64_t kSeed = 4711;
constexpr int kPrograms = 8000;

// A value of the oracle; nothing is an error.
struct Thing {
  enum class Kind { kInt, kBool, kText, kList, kMap } kind = Kind::kInt;
  int64_t number = 0;  // of ints and bools
  std::string text{};
  std::vector<Thing> list{};
  std::map<std::string, Thing> map{};

  friend bool operator==(const Thing&, const Thing&) = default;
};
using Maybe = std::optional<Thing>;
using Scope = std::map<std::string, Maybe>;
// A program of the oracle beside its text in the language.
struct Part {
  std::string source;
  std::function<Maybe(const Scope&)> run;
};

Thing Int(int64_t n) { return {.kind = Thing::Kind::kInt, .number = n}; }
Thing Bool(bool b) { return {.kind = Thing::Kind::kBool, .number = b ? 1 : 0}; }
Thing Text(std::string t) { return {.kind = Thing::Kind::kText, .text = std::move(t)}; }

// As ToString writes values.
std::string Write(const Thing& thing) {
  std::string text;
  switch (thing.kind) {
    case Thing::Kind::kInt:
      return std::to_string(thing.number);
    case Thing::Kind::kBool:
      return thing.number != 0 ? "true" : "false";
    case Thing::Kind::kText:
      return "\"" + thing.text + "\"";
    case Thing::Kind::kList:
      for (const Thing& element : thing.list) text += (text.empty() ? "" : ", ") + Write(element);
      return "[" + text + "]";
    case Thing::Kind::kMap:
      for (const auto& [key, value] : thing.map) {
        text += (text.empty() ? "\"" : ", \"") + key + "\": " + Write(value);
      }
      return "{" + text + "}";
  }
  return "";
}

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  // A program of the kind: lists are of ints, maps from text to ints.
  Part Make(Thing::Kind kind, int depth) {
    switch (kind) {
      case Thing::Kind::kInt:
        return MakeInt(depth);
      case Thing::Kind::kBool:
        return MakeBool(depth);
      case Thing::Kind::kText:
        return MakeText(depth);
      case Thing::Kind::kList:
        return MakeList(depth);
      case Thing::Kind::kMap:
        return MakeMap(depth);
    }
    return {};
  }

  uint64_t Below(uint64_t bound) { return random_() % bound; }

 private:
  using Kind = Thing::Kind;
  using Variables = std::vector<std::pair<std::string, Kind>>;

  static Part Constant(std::string source, const Thing& thing) {
    return {std::move(source), [thing](const Scope&) { return Maybe(thing); }};
  }

  // A function of one or two strict operands.
  static Part Strict(std::string source, const Part& a, std::function<Maybe(const Thing&)> f) {
    return {std::move(source), [a, f](const Scope& scope) {
              const Maybe x = a.run(scope);
              return x ? f(*x) : std::nullopt;
            }};
  }
  static Part Strict(std::string source, const Part& a, const Part& b,
                     std::function<Maybe(const Thing&, const Thing&)> f) {
    return {std::move(source), [a, b, f](const Scope& scope) {
              const Maybe x = a.run(scope);
              const Maybe y = b.run(scope);
              return x && y ? f(*x, *y) : std::nullopt;
            }};
  }

  // What every kind may be made by, or nothing.
  std::optional<Part> Common(Kind kind, int depth) {
    const uint64_t choice = Below(8);
    if (choice == 0) {
      const Part c = MakeBool(depth - 1), a = Make(kind, depth - 1), b = Make(kind, depth - 1);
      return Part{"(" + c.source + " ? " + a.source + " : " + b.source + ")",
                  [=](const Scope& scope) {
                    const Maybe condition = c.run(scope);
                    if (!condition) return Maybe();
                    return (condition->number != 0 ? a : b).run(scope);
                  }};
    }
    if (choice == 1) {
      const Kind bound = static_cast<Kind>(Below(5));
      const Part value = Make(bound, depth - 1);
      const Variables around = variables_;
      const std::string name = Declare(bound);
      const Part body = Make(kind, depth - 1);
      variables_ = around;
      return Part{"cel.bind(" + name + ", " + value.source + ", " + body.source + ")",
                  [=](Scope scope) {
                    scope[name] = value.run(scope);
                    return body.run(scope);
                  }};
    }
    if (choice > 4) return std::nullopt;
    // A variable of the kind, if there is one.
    Variables fitting;
    for (const auto& variable : variables_) {
      if (variable.second == kind) fitting.push_back(variable);
    }
    if (fitting.empty()) return std::nullopt;
    const std::string name = fitting[Below(fitting.size())].first;
    return Part{name, [name](const Scope& scope) { return scope.at(name); }};
  }

  // A new variable; now and then under a name that hides another. Callers put the scope back.
  std::string Declare(Kind kind) {
    const std::string name(1, static_cast<char>('p' + Below(6)));
    std::erase_if(variables_, [&](const auto& variable) { return variable.first == name; });
    variables_.emplace_back(name, kind);
    return name;
  }

  Part MakeInt(int depth) {
    if (depth <= 0) {
      const auto n = static_cast<int64_t>(Below(7)) - 2;
      return Constant(std::to_string(n), Int(n));
    }
    if (auto common = Common(Kind::kInt, depth)) return *common;
    switch (Below(5)) {
      case 0: {
        const Part a = MakeInt(depth - 1), b = MakeInt(depth - 1);
        return Strict("(" + a.source + " + " + b.source + ")", a, b,
                      [](const Thing& x, const Thing& y) { return Int(x.number + y.number); });
      }
      case 1: {
        const Part a = MakeInt(depth - 1), b = MakeInt(depth - 1);
        return Strict("(" + a.source + " / " + b.source + ")", a, b,
                      [](const Thing& x, const Thing& y) {
                        return y.number == 0 ? Maybe() : Int(x.number / y.number);
                      });
      }
      case 2: {
        const Part a = MakeText(depth - 1);
        return Strict("size(" + a.source + ")", a,
                      [](const Thing& x) { return Int(static_cast<int64_t>(x.text.size())); });
      }
      case 3: {
        const Part a = MakeList(depth - 1), b = MakeInt(depth - 1);
        return Strict(a.source + "[" + b.source + "]", a, b, [](const Thing& x, const Thing& y) {
          const bool inside = y.number >= 0 && y.number < static_cast<int64_t>(x.list.size());
          return inside ? Maybe(x.list[static_cast<size_t>(y.number)]) : Maybe();
        });
      }
      default: {
        const Part a = MakeMap(depth - 1), b = MakeText(depth - 1);
        return Strict(a.source + "[" + b.source + "]", a, b, [](const Thing& x, const Thing& y) {
          const auto found = x.map.find(y.text);
          return found != x.map.end() ? Maybe(found->second) : Maybe();
        });
      }
    }
  }

  Part MakeBool(int depth) {
    if (depth <= 0)
      return Below(2) == 0 ? Constant("true", Bool(true)) : Constant("false", Bool(false));
    if (auto common = Common(Kind::kBool, depth)) return *common;
    switch (Below(6)) {
      case 0:
        return Logic(depth);
      case 1: {
        const auto kind = static_cast<Kind>(Below(5));
        const Part a = Make(kind, depth - 1), b = Make(kind, depth - 1);
        return Strict("(" + a.source + " == " + b.source + ")", a, b,
                      [](const Thing& x, const Thing& y) { return Bool(x == y); });
      }
      case 2: {
        const Part a = MakeText(depth - 1), b = MakeText(depth - 1);
        return Strict(a.source + ".contains(" + b.source + ")", a, b,
                      [](const Thing& x, const Thing& y) {
                        return Bool(x.text.find(y.text) != std::string::npos);
                      });
      }
      case 3: {
        const Part a = MakeText(depth - 1), b = MakeMap(depth - 1);
        return Strict("(" + a.source + " in " + b.source + ")", a, b,
                      [](const Thing& x, const Thing& y) { return Bool(y.map.contains(x.text)); });
      }
      default:
        return Quantifier(depth);
    }
  }

  Part Logic(int depth) {
    const Part a = MakeBool(depth - 1), b = MakeBool(depth - 1);
    const bool absorbing = Below(2) == 0;
    return {"(" + a.source + (absorbing ? " || " : " && ") + b.source + ")",
            [=](const Scope& scope) {
              const Maybe x = a.run(scope), y = b.run(scope);
              if ((x && *x == Bool(absorbing)) || (y && *y == Bool(absorbing))) {
                return Maybe(Bool(absorbing));
              }
              return x && y ? Maybe(Bool(!absorbing)) : Maybe();
            }};
  }

  Part Quantifier(int depth) {
    const Part range = MakeList(depth - 1);
    const Variables around = variables_;
    const std::string name = Declare(Kind::kInt);
    const Part condition = MakeBool(depth - 1);
    variables_ = around;
    static constexpr const char* kNames[] = {"all", "exists", "exists_one"};
    const size_t which = Below(3);
    return {range.source + "." + kNames[which] + "(" + name + ", " + condition.source + ")",
            [=](Scope scope) {
              const Maybe over = range.run(scope);
              if (!over) return Maybe();
              int yes = 0, no = 0, errors = 0;
              for (const Thing& element : over->list) {
                scope[name] = element;
                const Maybe said = condition.run(scope);
                ++(!said ? errors : said->number != 0 ? yes : no);
              }
              if (which == 0 && no > 0) return Maybe(Bool(false));
              if (which == 1 && yes > 0) return Maybe(Bool(true));
              if (errors > 0) return Maybe();
              return Maybe(Bool(which == 0 || (which == 2 && yes == 1)));
            }};
  }

  Part MakeText(int depth) {
    if (depth <= 0) {
      static constexpr const char* kTexts[] = {"", "a", "ab", "ba"};
      const std::string text = kTexts[Below(4)];
      return Constant("'" + text + "'", Text(text));
    }
    if (auto common = Common(Kind::kText, depth)) return *common;
    switch (Below(3)) {
      case 0: {
        const Part a = MakeText(depth - 1), b = MakeText(depth - 1);
        return Strict("(" + a.source + " + " + b.source + ")", a, b,
                      [](const Thing& x, const Thing& y) { return Text(x.text + y.text); });
      }
      case 1: {
        const Part a = MakeText(depth - 1), b = MakeInt(depth - 1);
        return Strict(
            a.source + ".substring(" + b.source + ")", a, b, [](const Thing& x, const Thing& y) {
              const bool inside = y.number >= 0 && y.number <= static_cast<int64_t>(x.text.size());
              return inside ? Maybe(Text(x.text.substr(static_cast<size_t>(y.number)))) : Maybe();
            });
      }
      default: {
        const Part a = MakeInt(depth - 1);
        return Strict("string(" + a.source + ")", a,
                      [](const Thing& x) { return Text(std::to_string(x.number)); });
      }
    }
  }

  Part MakeList(int depth) {
    if (depth <= 0) return Elements(0);
    if (auto common = Common(Kind::kList, depth)) return *common;
    const uint64_t choice = Below(4);
    if (choice == 0) return Elements(depth - 1);
    if (choice == 1) {
      const Part a = MakeList(depth - 1), b = MakeList(depth - 1);
      return Strict("(" + a.source + " + " + b.source + ")", a, b, [](Thing x, const Thing& y) {
        x.list.insert(x.list.end(), y.list.begin(), y.list.end());
        return x;
      });
    }
    const bool filters = choice == 2;
    const Part range = MakeList(depth - 1);
    const Variables around = variables_;
    const std::string name = Declare(Kind::kInt);
    const Part body = filters ? MakeBool(depth - 1) : MakeInt(depth - 1);
    variables_ = around;
    return {range.source + (filters ? ".filter(" : ".map(") + name + ", " + body.source + ")",
            [=](Scope scope) {
              const Maybe over = range.run(scope);
              if (!over) return Maybe();
              Thing made{.kind = Kind::kList};
              for (const Thing& element : over->list) {
                scope[name] = element;
                const Maybe said = body.run(scope);
                if (!said) return Maybe();
                if (!filters) made.list.push_back(*said);
                if (filters && said->number != 0) made.list.push_back(element);
              }
              return Maybe(made);
            }};
  }

  Part Elements(int depth) {
    std::vector<Part> parts;
    std::string source;
    for (uint64_t n = Below(4); n > 0; --n) {
      parts.push_back(MakeInt(depth));
      source += (source.empty() ? "" : ", ") + parts.back().source;
    }
    // [] alone is a list of dyn; this one is of ints.
    if (parts.empty()) return Constant("[0].filter(e, e != 0)", Thing{.kind = Kind::kList});
    return {"[" + source + "]", [parts](const Scope& scope) {
              Thing made{.kind = Kind::kList};
              for (const Part& part : parts) {
                const Maybe element = part.run(scope);
                if (!element) return Maybe();
                made.list.push_back(*element);
              }
              return Maybe(made);
            }};
  }

  Part MakeMap(int depth) {
    if (depth > 0) {
      if (auto common = Common(Kind::kMap, depth)) return *common;
    }
    const Part key = MakeText(depth - 1), value = MakeInt(depth - 1), other = MakeInt(depth - 1);
    return {"{" + key.source + ": " + value.source + ", 'k': " + other.source + "}",
            [=](const Scope& scope) {
              const Maybe k = key.run(scope), v = value.run(scope), o = other.run(scope);
              if (!k || !v || !o || k->text == "k") return Maybe();
              Thing made{.kind = Kind::kMap};
              made.map[k->text] = *v;
              made.map["k"] = *o;
              return Maybe(made);
            }};
  }

  std::mt19937_64 random_;
  Variables variables_;
};

TEST(Property, ProgramsOverListsMapsAndTextAgreeWithAnObviousEvaluator) {
  Maker maker(kSeed);
  int errors = 0;
  int macros = 0;
  for (int i = 0; i < kPrograms; ++i) {
    const auto kind = static_cast<Thing::Kind>(maker.Below(5));
    const Part part = maker.Make(kind, static_cast<int>(1 + maker.Below(4)));
    const Maybe wanted = part.run({});
    const std::string got = Result(part.source);
    errors += wanted ? 0 : 1;
    macros += part.source.find('.') != std::string::npos ? 1 : 0;
    if (wanted) {
      ASSERT_EQ(got, Write(*wanted)) << part.source;
    } else {
      ASSERT_TRUE(got.starts_with("error: ")) << part.source << " gave " << got;
    }
  }
  EXPECT_GT(errors, kPrograms / 20) << "errors must occur, or their absorption is not tested";
  EXPECT_GT(macros, kPrograms / 3);
}

}  // namespace
}  // namespace fundgate::expression
