#include "server/expression/monotonicity.h"

#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/expression/helpers.h"

namespace fundgate::expression {
namespace {

constexpr uint64_t kSeed = 4711;
constexpr int kRandomExpressions = 6000;
constexpr uint32_t kSlots[] = {0, 1, 2};

Environment Declared() {
  Environment environment;
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_TRUE(environment.AddVariable(name, Type::Int()).ok());
  }
  EXPECT_TRUE(environment.AddVariable("flag", Type::Bool()).ok());
  EXPECT_TRUE(environment.AddVariable("any", Type::Dynamic()).ok());
  return environment;
}

// The directions for a, b, c as four letters: n(one), l(oosens), t(ightens), u(nbounded).
std::string Letters(const Program& program) {
  std::string letters;
  for (const Direction direction : Monotonicity(program, kSlots)) {
    letters += "nltu"[static_cast<int>(direction)];
  }
  return letters;
}

TEST(Monotonicity, FollowsItsRules) {
  struct Row {
    const char* source;
    const char* directions;
  };
  for (const Row& row : {
           Row{"a + b <= c", "ttl"},
           Row{"c >= a + b", "ttl"},
           Row{"a - b < c", "tll"},
           Row{"-a < b", "lln"},
           Row{"!(a <= b)", "ltn"},
           Row{"a <= 1 && b >= 1", "tln"},
           Row{"a <= 1 || a <= b", "tln"},
           Row{"a <= 1 && a >= 0", "unn"},
           Row{"a == b", "uun"},
           Row{"a == 1 || b <= 1", "utn"},
           Row{"1 == 1 && a <= b", "tln"},
           Row{"2 * a <= b * 3", "tln"},
           Row{"-2 * a <= b * -(1 + 2)", "ltn"},
           Row{"a * 0 <= b", "nln"},
           Row{"a * b <= c", "uul"},
           Row{"a / 2 <= b / -3", "ttn"},
           Row{"a / 0 <= b", "uln"},
           Row{"2 / a <= b", "uln"},
           Row{"a % 2 <= b", "uln"},
           Row{"flag ? a <= b : a <= c", "tll"},
           Row{"flag ? a <= b : a >= c", "ult"},
           Row{"a > 0 ? b <= 1 : c <= 1", "utt"},
           Row{"(flag ? a : b) <= c", "ttl"},
           Row{"a in [1, 2] || b <= 1", "utn"},
           Row{"int(a) <= b", "uln"},
           Row{"dyn(a) <= b", "uun"},
           Row{"a <= any", "unn"},
           Row{"a - a <= b", "uln"},
           Row{"(a <= b) == true", "uun"},
           Row{"flag", "nnn"},
       }) {
    Environment environment = Declared();
    const Compiled compiled = Compile(environment, row.source, Type::Bool());
    ASSERT_TRUE(compiled.ok()) << Render(row.source, compiled.issues);
    EXPECT_EQ(Letters(*compiled.program), row.directions) << row.source;
  }
}

TEST(Monotonicity, OfWhatIsNoBoolIsUnbounded) {
  Environment environment = Declared();
  const Compiled compiled = Compile(environment, "a + b", Type::Int());
  EXPECT_EQ(Letters(*compiled.program), "uuu");
}

TEST(Monotonicity, UnusedSlotsAreListedAsUnused) {
  Environment environment = Declared();
  const Compiled compiled = Compile(environment, "a <= c + c", Type::Bool());
  EXPECT_THAT(compiled.program->slots_used(), ::testing::ElementsAre(0u, 2u));
}

// Random expressions over a, b and c in the reach of the rules and around them.
class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  std::string Bool(int depth) {
    switch (depth <= 0 ? 0 : random_() % 6) {
      case 1:
        return "(" + Bool(depth - 1) + " && " + Bool(depth - 1) + ")";
      case 2:
        return "(" + Bool(depth - 1) + " || " + Bool(depth - 1) + ")";
      case 3:
        return "!(" + Bool(depth - 1) + ")";
      case 4:
        return "(" + Bool(depth - 1) + " ? " + Bool(depth - 1) + " : " + Bool(depth - 1) + ")";
      default: {
        static constexpr const char* kRelations[] = {" <= ", " < ", " >= ", " > ", " == "};
        return Int(depth) + kRelations[random_() % 5] + Int(depth);
      }
    }
  }

 private:
  std::string Int(int depth) {
    static constexpr const char* kLeaves[] = {"a",  "b", "c", "2",
                                              "-3", "0", "1", "9223372036854775805"};
    if (depth <= 0) return kLeaves[random_() % std::size(kLeaves)];
    static constexpr const char* kOperators[] = {" + ", " - ", " * ", " / ", " % "};
    switch (random_() % 4) {
      case 0:
        return "-(" + Int(depth - 1) + ")";
      case 1:
        return "(" + Bool(depth - 2) + " ? " + Int(depth - 1) + " : " + Int(depth - 1) + ")";
      default:
        return "(" + Int(depth - 1) + kOperators[random_() % 5] + Int(depth - 1) + ")";
    }
  }

  std::mt19937_64 random_;
};

// Counts how often raising the slot turns false into true, and true into false.
void Count(const Program& program, uint32_t slot, int* loosened, int* tightened) {
  constexpr int64_t kLeast = -3;
  constexpr int64_t kMost = 4;
  for (int64_t x = kLeast; x <= kMost; ++x) {
    for (int64_t y = kLeast; y <= kMost; ++y) {
      Value frame[] = {Value::Int(x), Value::Int(x), Value::Int(x)};
      frame[(slot + 1) % 3] = Value::Int(y);
      bool seen_true = false;
      bool seen_false = false;
      for (int64_t raised = kLeast; raised <= kMost; ++raised) {
        frame[slot] = Value::Int(raised);
        const Value value = program.Evaluate(frame);
        *loosened += value.is_true() && seen_false ? 1 : 0;
        *tightened += value.is_false() && seen_true ? 1 : 0;
        seen_true = seen_true || value.is_true();
        seen_false = seen_false || value.is_false();
      }
    }
  }
}

TEST(Monotonicity, HoldsAgainstBruteForce) {
  Maker maker(kSeed);
  int claims = 0;
  for (int i = 0; i < kRandomExpressions; ++i) {
    const std::string source = maker.Bool(i % 5);
    Environment environment = Declared();
    const Compiled compiled = Compile(environment, source, Type::Bool());
    ASSERT_TRUE(compiled.ok()) << Render(source, compiled.issues);
    const std::vector<Direction> directions = Monotonicity(*compiled.program, kSlots);
    for (const uint32_t slot : kSlots) {
      int loosened = 0;
      int tightened = 0;
      Count(*compiled.program, slot, &loosened, &tightened);
      const Direction direction = directions[slot];
      if (direction == Direction::kUnbounded) continue;
      ++claims;
      EXPECT_TRUE(direction == Direction::kLoosens || loosened == 0) << source << " slot " << slot;
      EXPECT_TRUE(direction == Direction::kTightens || tightened == 0)
          << source << " slot " << slot;
    }
  }
  EXPECT_GT(claims, kRandomExpressions / 2);
}

}  // namespace
}  // namespace fundgate::expression
