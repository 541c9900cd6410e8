// The program behind tools/simulate: runs seeds, shows and shrinks those that fail, plants faults.
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/simulation/mutation.h"
#include "tests/simulation/run.h"

namespace fundgate::simulation {
namespace {

constexpr size_t kShrinkRunsMax = 400;

struct Arguments {
  Limits limits;
  std::optional<uint64_t> seed;  // only this one, with its story
  std::string mutation;          // planted
  bool mutations = false;        // all of them, one after the other
};

int Complain(const std::string& what) {
  std::cerr << "simulate: " << what << '\n';
  return 2;
}

// The command that shows a failing seed.
std::string CommandFor(uint64_t seed, const std::string& mutation) {
  return absl::StrCat("tools/simulate --seed ", seed,
                      mutation.empty() ? "" : absl::StrCat(" --mutation ", mutation));
}

std::string TextOf(const Summary& summary) {
  return absl::StrFormat(
      "%d seeds, %d journal records in %.0f s; a seed: %.0f ms by the clock, at most %.0f ms of "
      "the "
      "processor (seed %d)",
      summary.runs, summary.records, summary.seconds,
      1000 * summary.seconds / static_cast<double>(std::max<uint64_t>(summary.runs, 1)),
      1000 * summary.slowest, summary.slowest_seed);
}

// Shows one seed: what happens, and if it fails, the least that still does.
int Show(uint64_t seed) {
  const Script script = Script::Of(seed);
  const Result result = RunScript(script, true);
  if (!result.failure.has_value()) {
    std::cout << result.story << "seed " << seed << ": " << result.records
              << " journal records, nothing is wrong\n";
    return 0;
  }
  Script least = script;
  least.steps.resize(std::min(least.steps.size(), result.failed_at + 1));
  least = Shrink(std::move(least), kShrinkRunsMax);
  const Result shrunk = RunScript(least, true);
  std::cout << "seed " << seed << " fails at step " << result.failed_at << " of "
            << script.steps.size() << ":\n"
            << *result.failure << "\n\nThe least of it, " << least.steps.size() << " steps:\n"
            << shrunk.story << shrunk.failure.value_or("(it does not fail any more)") << '\n';
  return 1;
}

int RunSeeds(const Arguments& arguments) {
  const Summary summary =
      RunMany(arguments.limits, [](const Summary& so_far) { std::cerr << TextOf(so_far) << '\n'; });
  std::cout << TextOf(summary) << '\n';
  if (!summary.failed_seed.has_value()) {
    std::cout << "Nothing was found.\n";
    return 0;
  }
  std::cout << "Seed " << *summary.failed_seed << " fails: " << summary.failure
            << "\nSee it again: " << CommandFor(*summary.failed_seed, arguments.mutation) << '\n';
  return 1;
}

// Plants each fault alone, and says how many seeds it took to find it.
int PlantAll(const Arguments& arguments) {
  int missed = 0;
  for (size_t i = 0; i < Mutations().size(); ++i) {
    Plant(static_cast<int>(i + 1));
    const Summary summary = RunMany(arguments.limits, nullptr);
    const bool is_found = summary.failed_seed.has_value();
    missed += is_found ? 0 : 1;
    std::cout << absl::StrFormat(
                     "%-36s %s", std::string(Mutations()[i].name),
                     is_found ? absl::StrCat(*summary.failed_seed - arguments.limits.first_seed + 1,
                                             " seeds")
                              : absl::StrCat("NOT FOUND in ", summary.runs, " seeds"))
              << '\n'
              << std::flush;
  }
  Plant(0);
  std::cout << Mutations().size() - static_cast<size_t>(missed) << " of " << Mutations().size()
            << " planted faults were found.\n";
  return missed == 0 ? 0 : 1;
}

std::optional<int> NumberOf(const std::string& mutation) {
  for (size_t i = 0; i < Mutations().size(); ++i) {
    if (Mutations()[i].name == mutation) return static_cast<int>(i + 1);
  }
  return std::nullopt;
}

int Main(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--mutations") {
      arguments.mutations = true;
      continue;
    }
    if (i + 1 == count) return Complain(absl::StrCat(words[i], " needs a value, or is unknown"));
    const std::string value = words[++i];
    uint64_t number = 0;
    if (word == "--mutation") {
      arguments.mutation = value;
    } else if (!absl::SimpleAtoi(value, &number)) {
      return Complain(absl::StrCat(words[i - 1], " needs a number, not '", value, "'"));
    } else if (word == "--seed") {
      arguments.seed = number;
    } else if (word == "--seeds") {
      arguments.limits.seeds = number;
    } else if (word == "--minutes") {
      arguments.limits.seconds = 60 * static_cast<double>(number);
    } else if (word == "--first") {
      arguments.limits.first_seed = number;
    } else if (word == "--jobs") {
      arguments.limits.jobs = static_cast<unsigned>(number);
    } else {
      return Complain(absl::StrCat("unknown option ", words[i - 1]));
    }
  }
  if (arguments.mutations) return PlantAll(arguments);
  if (!arguments.mutation.empty()) {
    const std::optional<int> number = NumberOf(arguments.mutation);
    if (!number.has_value()) {
      return Complain(absl::StrCat("no fault '", arguments.mutation, "' can be planted here"));
    }
    Plant(*number);
  }
  return arguments.seed.has_value() ? Show(*arguments.seed) : RunSeeds(arguments);
}

}  // namespace
}  // namespace fundgate::simulation

int main(int count, char** words) { return fundgate::simulation::Main(count, words); }
