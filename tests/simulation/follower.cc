#include "tests/simulation/follower.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "tests/model/describe.h"

namespace fundgate::simulation {

std::optional<std::string> Follower::Follow(Sequence sequence, const core::Input& input,
                                            const core::Answer& answer) {
  if (sequence != newest() + 1) {
    return absl::StrCat("record ", sequence, " became durable after record ", newest());
  }
  const absl::StatusOr<core::Outcome> outcome = machine_.Apply(input);
  if (!outcome.ok()) {
    return absl::StrCat("record ", sequence,
                        " can't be judged again: ", outcome.status().ToString());
  }
  const model::Ruling ruling = referee_.Follow(input, *outcome);
  if (tells_) {
    absl::StrAppend(&story_, "  [", sequence, "] ", model::Describe(input), "      // ",
                    model::Describe(ruling.answer), "\n");
  }
  if (!outcome->recorded || outcome->answer != answer) {
    return absl::StrCat("record ", sequence,
                        " is answered otherwise when it is judged again: ", model::Describe(input),
                        model::Describe(ruling.answer));
  }
  if (ruling.difference.has_value()) {
    return absl::StrCat("at record ", sequence,
                        " the gate does what the model would not: ", model::Describe(input),
                        *ruling.difference);
  }
  records_.push_back({input, answer});
  listener_(sequence, input, answer);
  return std::nullopt;
}

std::optional<std::string> Follower::Recover(const store::View& view) {
  std::optional<std::string> problem;
  Sequence last = 0;
  const absl::Status status = view.ScanJournal(1, [&](const store::JournalEntry& entry) {
    last = entry.sequence;
    if (entry.sequence <= newest()) {
      const Record& known = records_[entry.sequence - 1];
      if (entry.input != known.input || entry.answer != known.answer) {
        problem = absl::StrCat("after the restart record ", entry.sequence,
                               " is another than the one that was durable before");
      }
    } else {
      core::Input input = entry.input;
      if (auto* apply = std::get_if<core::ApplyPolicyInput>(&input.body)) apply->policy = policy_;
      problem = Follow(entry.sequence, input, entry.answer);
    }
    return !problem.has_value();
  });
  if (problem.has_value()) return problem;
  if (!status.ok()) return absl::StrCat("the journal can't be read: ", status.ToString());
  if (last < newest()) {
    return absl::StrCat("the journal ends at record ", last, ", but record ", newest(),
                        " was durable before the restart");
  }
  return std::nullopt;
}

}  // namespace fundgate::simulation
