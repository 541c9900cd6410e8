#include "server/core/ingest.h"

#include <algorithm>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/core/apply_event.h"
#include "server/core/fact_events.h"
#include "server/core/rules/event_rules.h"
#include "server/core/snapshots.h"
#include "server/core/suspects.h"
#include "server/core/verification/verification.h"
#include "server/core/windows/event_windows.h"

namespace fundgate::core {
namespace {

absl::Status UnknownSource(const Policy& policy, const SourceName& name) {
  std::string known;
  for (const SourceDefinition& source : policy.sources) {
    absl::StrAppend(&known, known.empty() ? "" : ", ", source.name.value());
  }
  return absl::NotFoundError(
      absl::StrCat("source: the policy has no source \"", name.value(), "\"; there are: ", known));
}

absl::Status CheckMapping(const SourceDefinition& source, uint64_t mapping_version) {
  if (source.mapping_version == 0 || source.mapping_version == mapping_version) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("mapping_version: the policy maps source ", source.name.value(), " by version ",
                   source.mapping_version, ", not ", mapping_version, "; load the policy again"));
}

// Why the batch can't be applied, or ok.
absl::Status CheckBatch(const Source& source, const SourceDefinition& definition,
                        const IngestInput& input, absl::Time now) {
  // Epoch 0 is what a source has that nobody was ever granted.
  if (input.epoch == 0 || input.epoch != source.epoch) {
    return absl::AbortedError(absl::StrCat("epoch: ", input.epoch, " is fenced off; epoch ",
                                           source.epoch, " feeds source ", input.source.value(),
                                           " now. Ask for a new one with GetPosition"));
  }
  if (input.previous != source.position) {
    return absl::FailedPreconditionError(
        absl::StrCat("previous_position: \"", input.previous.ToString(),
                     "\" does not follow on what is applied, \"", source.position.ToString(),
                     "\". Start again from GetPosition"));
  }
  const bool begins_anew = input.snapshot.has_value() && input.snapshot->begins_anew;
  if (!begins_anew && !input.position.Covers(input.previous)) {
    return absl::InvalidArgumentError(absl::StrCat("position: \"", input.position.ToString(),
                                                   "\" lies before \"", input.previous.ToString(),
                                                   "\""));
  }
  if (input.snapshot.has_value() && !begins_anew && input.position != input.previous) {
    return absl::InvalidArgumentError("position: rows as they stand must not move it");
  }
  if (input.position == input.previous && !input.events.empty() && !input.snapshot.has_value()) {
    return absl::InvalidArgumentError("position: events must move it forward");
  }
  if (input.probe.has_value() && input.probe->read_after > now) {
    return absl::InvalidArgumentError(
        "probe.read_after: lies in the future; it must be the gate_time of an acknowledgement");
  }
  return CheckMapping(definition, input.mapping_version);
}

// Takes over every awaited head that is applied now.
void ProveWhatIsApplied(Source& source) {
  const auto reached = std::stable_partition(
      source.awaited.begin(), source.awaited.end(),
      [&source](const Probe& probe) { return !source.position.Covers(probe.head); });
  std::for_each(reached, source.awaited.end(), [&source](const Probe& probe) {
    source.proven_past = std::max(source.proven_past, probe.read_after);
  });
  source.awaited.erase(reached, source.awaited.end());
}

void TakeEvents(Draft& draft, const SourceDefinition& definition, const IngestInput& input) {
  for (const Event& event : input.events) {
    if (!ApplyEvent(draft, definition, event)) continue;
    const std::optional<Event> completed = WithAccountOfFact(draft.policy(), event);
    const Event& known = completed.has_value() ? *completed : event;
    CountInWindows(draft, known);
    AskEventRules(draft, definition, known);
  }
}

// A step of a run that reads the source anew.
void TakeStep(Draft& draft, const SourceDefinition& definition, const IngestInput& input) {
  const Draft::HistoryScope history(draft, draft.Find<SnapshotRuns>(input.source)->history);
  BeginStep(draft, definition, *input.snapshot);
  TakeEvents(draft, definition, input);
  EndStep(draft, definition, *input.snapshot);
}

}  // namespace

Answer GrantEpoch(Draft& draft, const GrantEpochInput& input) {
  const SourceDefinition* definition = draft.policy().FindSource(input.source);
  if (definition == nullptr) return Refusal{UnknownSource(draft.policy(), input.source)};
  if (absl::Status status = CheckMapping(*definition, input.mapping_version); !status.ok()) {
    return Refusal{std::move(status)};
  }
  Source& source = draft.MutableSource(input.source);
  source.epoch += 1;
  source.awaited.clear();  // the new feeder reads heads of its own
  source.coordinates_changed = input.coordinates_changed;
  source.mapping_version = input.mapping_version;
  PrepareRun(draft, *definition);
  return EpochGrant{source.epoch, source.position};
}

Answer Ingest(Draft& draft, const IngestInput& input) {
  const SourceDefinition* definition = draft.policy().FindSource(input.source);
  if (definition == nullptr) return Refusal{UnknownSource(draft.policy(), input.source)};
  absl::Status status = CheckBatch(draft.ReadSource(input.source), *definition, input, draft.now());
  if (status.ok() && input.snapshot.has_value()) {
    status = CheckStep(draft, *definition, *input.snapshot);
  }
  if (!status.ok()) return Refusal{std::move(status)};

  if (input.snapshot.has_value()) {
    TakeStep(draft, *definition, input);
  } else {
    TakeEvents(draft, *definition, input);
  }

  Source& source = draft.MutableSource(input.source);
  if (!input.position.Covers(source.position)) {
    // Another life of the source: what was proven of the one before says nothing of it.
    source.proven_past = absl::InfinitePast();
    source.awaited.clear();
  }
  source.position = input.position;
  const absl::Time proven_before = source.proven_past;
  if (input.probe.has_value() && source.awaited.size() < kMaxAwaitedProbes) {
    source.awaited.push_back(*input.probe);
  }
  source.inside_transaction = input.inside_transaction;
  if (!source.inside_transaction) ProveWhatIsApplied(source);
  JudgeSuspects(draft);
  if (source.proven_past > proven_before) TakeTurns(draft);
  return IngestAnswer{source.position, draft.found_violations().size()};
}

}  // namespace fundgate::core
