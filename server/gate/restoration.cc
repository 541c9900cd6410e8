#include "server/gate/restoration.h"

#include <algorithm>
#include <future>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backup/restored.h"
#include "fundgate/types/status_macros.h"
#include "server/core/breakers.h"
#include "server/gate/convert_values.h"

namespace fundgate::gate {
namespace {

constexpr char kEverything[] = "*";
constexpr char kActor[] = "fundgated";
// How long the breaker lasts on each time, and with how much left it is made to: a gate that dies
// meanwhile is held until it looks again.
constexpr absl::Duration kSlice = absl::Seconds(6);
constexpr absl::Duration kLeftAtLeast = absl::Seconds(3);
constexpr absl::Duration kLookEvery = absl::Milliseconds(500);

absl::Duration ToDuration(const google::protobuf::Duration& proto) {
  return absl::Seconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
}

absl::Time TimeOf(const google::protobuf::Timestamp& proto) {
  return absl::FromUnixSeconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
}

// For how long what was allowed, here or by a lease, may be started.
absl::Duration LongestGrant(const core::Resident& resident) {
  absl::Duration longest = absl::ZeroDuration();
  if (resident.policy == nullptr) return longest;
  for (const core::CheckpointDefinition& checkpoint : resident.policy->checkpoints) {
    longest = std::max(longest, checkpoint.valid_for);
    if (checkpoint.lease.has_value()) {
      longest = std::max(longest, checkpoint.lease->valid_for + checkpoint.valid_for);
    }
  }
  return longest;
}

std::vector<std::string> SourcesNotProvenPast(const core::Resident& resident, absl::Time time) {
  std::vector<std::string> behind;
  if (resident.policy == nullptr) return behind;
  for (const core::SourceDefinition& definition : resident.policy->sources) {
    const auto source = resident.of<core::Sources>().find(definition.name);
    const bool proven =
        source != resident.of<core::Sources>().end() && source->second.proven_past >= time;
    if (!proven) behind.push_back(definition.name.value());
  }
  return behind;
}

// Breaker `*`, where it may deny; else null.
const core::Breaker* OverAll(const core::Resident& resident) {
  const auto breaker = resident.of<core::Breakers>().find(kEverything);
  const bool denies =
      breaker != resident.of<core::Breakers>().end() && core::Denies(breaker->second);
  return denies ? &breaker->second : nullptr;
}

// Whether it holds every check until then.
bool HoldsUntil(const core::Breaker& breaker, absl::Time time) {
  return breaker.state == core::BreakerState::kOpen &&
         breaker.until.value_or(absl::InfiniteFuture()) >= time &&
         breaker.half_open_at.value_or(absl::InfiniteFuture()) >= time;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Restoration>> Restoration::Begin(Parts parts,
                                                                const std::string& reason) {
  FUNDGATE_ASSIGN_OR_RETURN(std::optional<v1::RestoredFrom> word,
                            backup::ReadRestored(parts.data_directory));
  if (!word.has_value() && reason.empty()) return nullptr;
  const std::shared_ptr<const store::View> view = parts.store.view();
  const bool is_new = !word.has_value() || !word->has_held_until();
  if (!word.has_value()) word.emplace().set_reason(reason);
  if (is_new) {
    const absl::Duration granted_for =
        std::max(LongestGrant(view->resident()), ToDuration(word->granted_for_at_most()));
    word->set_restored_to(view->resident().clock.sequence);
    *word->mutable_held_until() = ToProto(parts.sequencer.Now() + granted_for);
  }
  std::unique_ptr<Restoration> restoration(new Restoration(std::move(parts), *std::move(word)));
  if (is_new) {
    // A gate that dies in between does both again.
    FUNDGATE_RETURN_IF_ERROR(restoration->FenceFeeders());
    FUNDGATE_RETURN_IF_ERROR(
        backup::WriteRestored(restoration->parts_.data_directory, restoration->word_));
  }
  if (restoration->HoldOn()) return nullptr;
  restoration->parts_.log.Warning(restoration->Why(view->resident()));
  restoration->thread_ = std::thread([self = restoration.get()] { self->Run(); });
  return restoration;
}

Restoration::Restoration(Parts parts, v1::RestoredFrom word)
    : parts_(std::move(parts)), word_(std::move(word)), held_until_(TimeOf(word_.held_until())) {}

Restoration::~Restoration() {
  {
    const sequencer::MutexLock lock(mutex_);
    stop_ = true;
  }
  changed_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

absl::Status Restoration::FenceFeeders() {
  const std::shared_ptr<const store::View> view = parts_.store.view();
  if (view->resident().policy == nullptr) return absl::OkStatus();
  for (const core::SourceDefinition& definition : view->resident().policy->sources) {
    const auto source = view->resident().of<core::Sources>().find(definition.name);
    core::GrantEpochInput grant;
    grant.source = definition.name;
    grant.mapping_version = definition.mapping_version;
    grant.coordinates_changed =
        source != view->resident().of<core::Sources>().end() && source->second.coordinates_changed;
    FUNDGATE_RETURN_IF_ERROR(Do(std::move(grant)).status());
  }
  return absl::OkStatus();
}

bool Restoration::HoldOn() {
  const std::shared_ptr<const store::View> view = parts_.store.view();
  const core::Resident& resident = view->resident();
  const absl::Time now = parts_.sequencer.Now();
  const bool over = now >= held_until_ && !resident.clock.drifted &&
                    SourcesNotProvenPast(resident, held_until_).empty();
  if (over) {
    const absl::Status forgotten = backup::ForgetRestored(parts_.data_directory);
    if (forgotten.ok()) {
      parts_.readiness.HoldFor("");
      return true;
    }
    parts_.log.Error(std::string(forgotten.message()));
  }
  parts_.readiness.HoldFor(Why(resident));
  const core::Breaker* present = OverAll(resident);
  if (present != nullptr && HoldsUntil(*present, now + kLeftAtLeast)) return false;
  core::TripBreakerInput hold;
  hold.scope = kEverything;
  hold.mode = present != nullptr ? present->mode : core::Verdict::kHold;
  hold.actor = kActor;
  hold.reason = Why(resident);
  // What is tried now, or would be soon, is left to people: to end it with the hold would be to
  // close it.
  hold.forced = present == nullptr ||
                (present->state == core::BreakerState::kOpen && present->until.has_value());
  if (hold.forced) hold.until = std::max(held_until_ + kLeftAtLeast, now + kSlice);
  const absl::StatusOr<core::Answer> answer = Do(std::move(hold));
  if (!answer.ok()) {
    parts_.log.Error(absl::StrCat("can't hold all checks after a restore: ",
                                  std::string(answer.status().message())));
  }
  return false;
}

std::string Restoration::Why(const core::Resident& resident) const {
  std::string why = absl::StrCat(
      "restored from ", backup::ToText(word_), ": what was allowed after record ",
      word_.restored_to(), " is not known. Every check is held until ",
      absl::FormatTime(absl::RFC3339_sec, held_until_, absl::UTCTimeZone()),
      ", when nothing of it can be started any more, and until every source is proven past that");
  const std::vector<std::string> behind = SourcesNotProvenPast(resident, held_until_);
  if (!behind.empty()) absl::StrAppend(&why, "; not yet: ", absl::StrJoin(behind, ", "));
  return why;
}

absl::StatusOr<core::Answer> Restoration::Do(decltype(core::Input::body) body) {
  core::Input input;
  input.body = std::move(body);
  std::promise<absl::StatusOr<core::Answer>> promise;
  FUNDGATE_RETURN_IF_ERROR(parts_.sequencer.Submit(
      std::move(input), std::nullopt,
      [&promise](absl::StatusOr<core::Answer> answer) { promise.set_value(std::move(answer)); }));
  FUNDGATE_ASSIGN_OR_RETURN(core::Answer answer, promise.get_future().get());
  if (const auto* refusal = std::get_if<core::Refusal>(&answer)) return refusal->status;
  return answer;
}

void Restoration::Run() {
  while (true) {
    {
      const sequencer::MutexLock lock(mutex_);
      if (!stop_) changed_.WaitFor(mutex_, kLookEvery);
      if (stop_) return;
    }
    if (!HoldOn()) continue;
    parts_.log.Info(
        "every source has caught up with the time before the restore: checks are "
        "judged again within seconds");
    parts_.over();
    return;
  }
}

}  // namespace fundgate::gate
