// How long expressions take: Google Benchmark, with the allocations of one evaluation beside it.
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "benchmark/benchmark.h"
#include "server/expression/program.h"
#include "server/policy/money_functions.h"
#include "tests/expression/allocations.h"

namespace fundgate {
namespace {

using expression::Environment;
using expression::Program;
using expression::Type;
using expression::Value;

constexpr int64_t kPaid = 120'000;

// What a rule sees of a check, and one book.
class World {
 public:
  World() {
    Must(policy::AddMoney(environment_));
    Must(environment_.AddRecord({.name = "Request",
                                 .fields = {{"checkpoint", Type::String()},
                                            {"channel", Type::String()},
                                            {"amount", policy::MoneyType()},
                                            {"minor_units", Type::Int()},
                                            {"lines", Type::List(Type::Int()).AtMost(100)}}}));
    Must(environment_.AddRecord(
        {.name = "Order", .fields = {{"paid", Type::Int()}, {"refunded", Type::Int()}}}));
    Must(environment_.AddVariable("request", Type::Record("Request")));
    Must(environment_.AddVariable("order", Type::Record("Order")));
    for (size_t i = 0; i < lines_.size(); ++i) lines_[i] = Value::Int(static_cast<int64_t>(i));
    Set("request.checkpoint", Value::String("refund"));
    Set("request.channel", Value::String("web"));
    Set("request.amount", policy::ToValue(*Money::Parse("CNY 250.00")));
    Set("request.minor_units", Value::Int(25'000));
    Set("request.lines", Value::List(lines_));
    Set("order.paid", Value::Int(kPaid));
    Set("order.refunded", Value::Int(kPaid / 2));
  }

  Program Load(std::string_view source) {
    expression::Compiled compiled = expression::Compile(environment_, source, Type::Dynamic());
    if (!compiled.ok()) throw compiled.issues[0].message;
    return *std::move(compiled.program);
  }

  const std::vector<Value>& frame() const { return frame_; }

 private:
  static void Must(const absl::Status& status) {
    if (!status.ok()) throw status;
  }

  void Set(std::string_view path, Value value) {
    const uint32_t slot = environment_.SlotOf(path).value();
    frame_.resize(std::max<size_t>(frame_.size(), slot + 1));
    frame_[slot] = value;
  }

  Environment environment_;
  std::array<Value, 20> lines_;
  std::vector<Value> frame_;
};

void Run(benchmark::State& state, std::string_view source, bool with_scratch) {
  World world;
  const Program program = world.Load(source);
  expression::Scratch scratch;
  const auto evaluate = [&] {
    if (!with_scratch) return program.Evaluate(world.frame());
    scratch.Clear();
    return program.Evaluate(world.frame(), scratch);
  };
  if (evaluate().is_error()) state.SkipWithError("the expression fails");
  const long before = expression::Allocations();
  for (auto _ : state) {
    Value value = evaluate();
    benchmark::DoNotOptimize(value);
  }
  state.counters["allocations"] = static_cast<double>(expression::Allocations() - before);
}

// The measure: four terms over the request and one book.
BENCHMARK_CAPTURE(Run, four_terms,
                  "request.checkpoint == 'refund' && request.channel in ['app', 'web'] && "
                  "request.amount > money('CNY 100.00') && "
                  "order.refunded + request.minor_units <= order.paid",
                  false);
BENCHMARK_CAPTURE(Run, invariant, "order.refunded <= order.paid", false);
BENCHMARK_CAPTURE(Run, pattern, "request.channel.matches('^(app|web)$')", false);
BENCHMARK_CAPTURE(Run, all_of_20, "request.lines.all(line, line < 100)", false);
BENCHMARK_CAPTURE(Run, joined_text, "request.checkpoint + '/' + request.channel", true);
BENCHMARK_CAPTURE(Run, mapped_list, "request.lines.map(line, line * 2).filter(n, n > 10).size()",
                  true);

}  // namespace
}  // namespace fundgate

BENCHMARK_MAIN();
