#include "server/gate/trace_filter.h"

#include <algorithm>
#include <optional>
#include <string>
#include <variant>

#include "absl/time/time.h"
#include "server/core/events.h"
#include "server/core/input.h"

namespace fundgate::gate {
namespace {

// What a record is about, whichever kind it is of.
struct Subject {
  std::string account;
  std::string checkpoint;
  std::string key;
};

Subject SubjectOf(const v1::Trace& trace) {
  const auto of = [](const auto& request) {
    return Subject{request.account_id(), request.checkpoint(), request.idempotency_key()};
  };
  switch (trace.input_case()) {
    case v1::Trace::kCheck:
      return of(trace.check());
    case v1::Trace::kReportAllowed:
      return of(trace.report_allowed().check());
    case v1::Trace::kConfirm:
      return of(trace.confirm());
    case v1::Trace::kRelease:
      return of(trace.release());
    case v1::Trace::kApproveHold:
      return of(trace.approve_hold());
    case v1::Trace::kRejectHold:
      return of(trace.reject_hold());
    default:
      return {};
  }
}

bool IsAbout(const std::string& wanted, const std::string& present) {
  return wanted.empty() || wanted == present;
}

bool NamesOrder(const v1::CheckRequest& check, const std::string& order) {
  const auto& lines = check.lines();
  return check.order_id() == order ||
         std::any_of(lines.begin(), lines.end(),
                     [&](const v1::Line& line) { return line.order_id() == order; });
}

// Whether an event is about what the filter names: all of it, in one of its images.
class EventFilter {
 public:
  explicit EventFilter(const v1::TraceFilter& filter) : filter_(filter) {}

  bool operator()(const core::MovementEvent& event) const {
    return IsAbout(filter_.checkpoint(), event.kind.value()) &&
           (Says(event.before) || Says(event.after));
  }
  bool operator()(const core::FactEvent& fact) const {
    return IsAbout(filter_.account_id(), fact.account.value()) && filter_.order_id().empty() &&
           filter_.checkpoint().empty() && filter_.idempotency_key().empty();
  }
  bool operator()(const core::GuardEvent& guard) const {
    return IsAbout(filter_.account_id(), guard.account.value()) &&
           IsAbout(filter_.idempotency_key(), guard.key.value()) && filter_.order_id().empty() &&
           filter_.checkpoint().empty();
  }
  bool operator()(const core::GapEvent& /*gap*/) const { return false; }

 private:
  bool Says(const std::optional<core::Contribution>& image) const {
    return image.has_value() && IsAbout(filter_.account_id(), image->account.value()) &&
           IsAbout(filter_.order_id(), image->line.order.value()) &&
           IsAbout(filter_.idempotency_key(), image->key.value());
  }

  const v1::TraceFilter& filter_;
};

// Whether the record is about the account, order, checkpoint and key that the filter names.
bool IsAbout(const v1::TraceFilter& filter, const store::JournalEntry& entry,
             const v1::Trace& trace) {
  if (filter.account_id().empty() && filter.order_id().empty() && filter.checkpoint().empty() &&
      filter.idempotency_key().empty()) {
    return true;
  }
  // What moved the money: a batch is told in short, but its record has the events.
  if (const auto* batch = std::get_if<core::IngestInput>(&entry.input.body)) {
    const EventFilter says(filter);
    return std::any_of(batch->events.begin(), batch->events.end(),
                       [&](const core::Event& event) { return std::visit(says, event.body); });
  }
  const Subject subject = SubjectOf(trace);
  const v1::CheckRequest& check =
      trace.has_report_allowed() ? trace.report_allowed().check() : trace.check();
  return IsAbout(filter.account_id(), subject.account) &&
         IsAbout(filter.checkpoint(), subject.checkpoint) &&
         IsAbout(filter.idempotency_key(), subject.key) &&
         (filter.order_id().empty() || NamesOrder(check, filter.order_id()));
}

bool HasReason(const v1::Decision& decision, const std::string& name) {
  const auto is_it = [&](const v1::Reason& reason) { return reason.name() == name; };
  return std::any_of(decision.reasons().begin(), decision.reasons().end(), is_it) ||
         std::any_of(decision.shadow_reasons().begin(), decision.shadow_reasons().end(), is_it);
}

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

}  // namespace

bool Passes(const store::JournalEntry& entry, const v1::Trace& trace,
            const v1::TraceFilter& filter) {
  if (!IsAbout(filter, entry, trace) ||
      !IsAbout(filter.decision_id(), trace.decision().decision_id())) {
    return false;
  }
  if (filter.verdict() != v1::VERDICT_UNSPECIFIED &&
      filter.verdict() != trace.decision().verdict()) {
    return false;
  }
  if (!filter.reason_name().empty() && !HasReason(trace.decision(), filter.reason_name())) {
    return false;
  }
  const auto& kinds = filter.kinds();
  if (!kinds.empty() && std::find(kinds.begin(), kinds.end(), trace.kind()) == kinds.end()) {
    return false;
  }
  const absl::Time time = TimeOf(trace.time());
  return (!filter.has_from_time() || time >= TimeOf(filter.from_time())) &&
         (!filter.has_to_time() || time < TimeOf(filter.to_time()));
}

}  // namespace fundgate::gate
