#include "server/gate/overload.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/gate/grpc_status.h"
#include "server/gate/unary.h"

namespace fundgate::gate {
namespace {

using sequencer::Priority;
using sequencer::TurnedAway;

constexpr absl::Duration kRetryStream = absl::Seconds(1);

std::string Why(const TurnedAway& turned_away) {
  const std::string wait =
      absl::FormatDuration(absl::Trunc(turned_away.wait, absl::Milliseconds(1)));
  switch (turned_away.cause) {
    case TurnedAway::Cause::kWait:
      return absl::StrCat("it would wait for ", wait);
    case TurnedAway::Cause::kDeadline:
      return absl::StrCat("it would wait for ", wait, ", longer than its caller does");
    case TurnedAway::Cause::kQueue:
      return "the queue is full";
  }
  return "";
}

absl::Status Ask(const Backend& backend, const sequencer::Newcomer& newcomer) {
  const std::optional<TurnedAway> turned_away = backend.sequencer.TurnAway(newcomer);
  if (!turned_away.has_value()) return absl::OkStatus();
  backend.overload.Refused(static_cast<uint8_t>(turned_away->cause), newcomer.priority,
                           newcomer.checks, turned_away->wait);
  return WithRetryDelay(absl::ResourceExhaustedError(
                            absl::StrCat("the gate gets more checks than it can judge, and ",
                                         Why(*turned_away), ": nothing happened, ask again later")),
                        turned_away->retry_after);
}

}  // namespace

void Overload::Refused(size_t cause, sequencer::Priority priority, uint64_t checks,
                       absl::Duration wait) {
  refused_[cause][static_cast<uint8_t>(priority)].Add(checks);
  all_.Add(checks);
  if (!lines_.IsDue(steady_())) return;
  const uint64_t all = all_.value();
  log_.Warning("more comes than can be judged: checks are refused",
               {{"refused", absl::StrCat(all - told_.exchange(all))},
                {"wait", absl::FormatDuration(absl::Trunc(wait, absl::Milliseconds(1)))}});
}

absl::Status RefuseOverload(const Backend& backend, const v1::CheckRequest& request,
                            std::chrono::system_clock::time_point deadline) {
  return Ask(backend,
             {backend.overload.priorities.Of(request.checkpoint()), 1, TimeLeft(deadline)});
}

absl::Status RefuseOverload(const Backend& backend, const v1::BatchCheckRequest& request,
                            std::chrono::system_clock::time_point deadline) {
  Priority most_urgent = Priority::kLow;
  for (const v1::CheckRequest& check : request.requests()) {
    most_urgent = std::min(most_urgent, backend.overload.priorities.Of(check.checkpoint()));
  }
  return Ask(backend,
             {most_urgent, static_cast<size_t>(request.requests_size()), TimeLeft(deadline)});
}

absl::Status RefuseStreamOfChecks(const Backend& backend) {
  backend.overload.Refused(Overload::kStreams, sequencer::Priority::kNormal, 1,
                           absl::ZeroDuration());
  return WithRetryDelay(
      absl::ResourceExhaustedError("too many streams of checks are open: use those there are, or "
                                   "ask by single calls"),
      kRetryStream);
}

}  // namespace fundgate::gate
