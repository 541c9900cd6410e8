#include "client/fundctl/top_page.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/fundctl/output.h"
#include "client/fundctl/rows.h"
#include "google/protobuf/util/time_util.h"

namespace fundgate::fundctl {
namespace {

using google::protobuf::util::TimeUtil;

// How long the rates are over, in seconds; 0 if no time has passed.
double SecondsBetween(const TopReading& now, const TopReading* before) {
  const google::protobuf::Timestamp& since =
      before == nullptr ? now.status.started_at() : before->status.gate_time();
  constexpr double kNanos = 1e9;
  return static_cast<double>(TimeUtil::DurationToNanoseconds(now.status.gate_time() - since)) /
         kNanos;
}

v1::CheckpointStatus CountsBefore(const TopReading* before, const std::string& checkpoint) {
  if (before != nullptr) {
    for (const v1::CheckpointStatus& counts : before->status.checkpoints()) {
      if (counts.checkpoint() == checkpoint) return counts;
    }
  }
  return {};
}

// A gate that was restarted counts from 0 again.
std::string Rate(uint64_t now, uint64_t before, double seconds) {
  if (seconds <= 0) return "-";
  return absl::StrFormat("%.1f", static_cast<double>(now >= before ? now - before : now) / seconds);
}

std::vector<Row> Checkpoints(const TopReading& now, const TopReading* before) {
  const double seconds = SecondsBetween(now, before);
  std::vector<Row> rows = {
      {"CHECKPOINT", "ALLOW/S", "HOLD/S", "BLOCK/S", "ALLOWED", "HELD", "BLOCKED"}};
  for (const v1::CheckpointStatus& counts : now.status.checkpoints()) {
    const v1::CheckpointStatus past = CountsBefore(before, counts.checkpoint());
    rows.push_back({counts.checkpoint(), Rate(counts.allowed(), past.allowed(), seconds),
                    Rate(counts.held(), past.held(), seconds),
                    Rate(counts.blocked(), past.blocked(), seconds), absl::StrCat(counts.allowed()),
                    absl::StrCat(counts.held()), absl::StrCat(counts.blocked())});
  }
  return rows;
}

std::vector<Row> Sources(const Context& context, const v1::GetStatusResponse& status) {
  std::vector<Row> rows = {{"SOURCE", "FEEDER", "LAG", "GAPS", "POSITION"}};
  for (const v1::SourceStatus& source : status.sources()) {
    rows.push_back({source.name(),
                    source.feeder_connected() ? "connected" : Painted(context, Tone::kBad, "NONE"),
                    source.has_lag() ? TextOf(source.lag()) : "never proven",
                    absl::StrCat(source.gaps()),
                    source.position().empty() ? "-" : source.position()});
  }
  return rows;
}

std::string Head(const Context& context, const TopReading& now) {
  const v1::GetStatusResponse& status = now.status;
  std::string text = status.serving() ? Painted(context, Tone::kGood, "serving")
                                      : Painted(context, Tone::kBad,
                                                "NOT SERVING: " + status.not_serving_reason());
  absl::StrAppend(&text, "  policy ", status.policy_version(), "  record ", status.last_sequence(),
                  "  ", TextOf(status.gate_time()), "  up ",
                  TextOf(status.gate_time() - status.started_at()), "\n");
  absl::StrAppend(&text, "queue ", status.queue_depth(), " of ", status.queue_capacity(), ", ",
                  status.parked_checks(), " parked  blind ", status.blind_permille(),
                  " of 1000  unproven ", status.unproven_scopes(), "  alerts waiting ",
                  status.alerts_waiting(), "  open groups ", status.open_groups());
  if (status.clock_state() == v1::CLOCK_STATE_DRIFTED) {
    absl::StrAppend(&text, "  ", Painted(context, Tone::kBad, "CLOCK DRIFTED"));
  }
  return text + "\n\n";
}

template <typename List>
std::vector<Row> RowsOf(const Context& context, Row head, const List& list) {
  std::vector<Row> rows = {std::move(head)};
  for (const auto& entry : list) rows.push_back(ShortRow(context, entry));
  return rows;
}

}  // namespace

std::string TopPage(const Context& context, const TopReading& now, const TopReading* before) {
  const v1::GetStatusResponse& status = now.status;
  const std::string breakers = absl::StrCat("BREAKERS ", status.breakers_open(), " open, ",
                                            status.breakers_half_open(), " half open");
  return absl::StrCat(
      Head(context, now),
      Section(context, before == nullptr ? "CHECKS since the gate started" : "CHECKS",
              Checkpoints(now, before), "none so far"),
      Section(context, "SOURCES", Sources(context, status), "the policy has none"),
      Section(context, breakers, RowsOf(context, BreakerHead(), now.breakers), ""),
      Section(context, now.more_holds ? "HOLDS, the oldest" : "HOLDS",
              RowsOf(context, HoldHead(), now.holds), "none waits"),
      Section(context, "VIOLATIONS, the newest", RowsOf(context, ViolationHead(), now.violations),
              "none was found"));
}

}  // namespace fundgate::fundctl
