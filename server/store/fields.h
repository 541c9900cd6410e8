// The fields of every record of the core, in the order in which they are written. The order is on
// disk: new fields go to the end of their record, under a new version (see records.h).
#ifndef SERVER_STORE_FIELDS_H_
#define SERVER_STORE_FIELDS_H_

#include <type_traits>

#include "server/core/events.h"
#include "server/core/input.h"
#include "server/core/outcome.h"
#include "server/core/records.h"
#include "server/core/timer.h"
#include "server/core/verification/watch.h"
#include "server/store/codec.h"
#include "server/store/text_fields.h"

// Fields() is found by the type of the record, so it lives in the core's namespace.
namespace fundgate::core {

template <typename A>
void Fields(A& a, F<A, Budget>& r) {
  a(r.calls, r.amount);
}
template <typename A>
void Fields(A& a, F<A, Line>& r) {
  a(r.order, r.amount, r.parts);
}
template <typename A>
void Fields(A& a, F<A, KeyId>& r) {
  a(r.kind, r.key);
}
template <typename A>
void Fields(A& a, F<A, Reason>& r) {
  a(r.code, r.name, r.message, r.verdict, r.fields);
}
template <typename A>
void Fields(A& a, F<A, SourceSighting>& r) {
  a(r.name, r.position, r.proven_past);
}
template <typename A>
void Fields(A& a, F<A, Decision>& r) {
  a(r.id, r.request_id, r.verdict, r.reasons, r.replayed, r.key, r.account, r.amount,
    r.policy_version, r.decided_at, r.valid_until, r.overdue_at, r.sources, r.retry_after);
  if (a.version() >= 3) a(r.shadow_reasons);
}
template <typename A>
void Fields(A& a, F<A, BookId>& r) {
  a(r.book, r.account, r.order, r.currency);
}
template <typename A>
void Fields(A& a, F<A, Counter>& r) {
  a(r.posted, r.pending_up, r.pending_down);
}
template <typename A>
void Fields(A& a, F<A, Book>& r) {
  a(r.counters);
}
template <typename A>
void Fields(A& a, F<A, FamilyId>& r) {
  a(r.book, r.account, r.order);
}
template <typename A>
void Fields(A& a, F<A, Family>& r) {
  a(r.currency, r.closed);
}
template <typename A>
void Fields(A& a, F<A, Fingerprint>& r) {
  a(r.account, r.amount, r.lines, r.identity);
}
template <typename A>
void Fields(A& a, F<A, Delta>& r) {
  a(r.book, r.line, r.by_order, r.counter, r.amount);
}
template <typename A>
void Fields(A& a, F<A, Reservation>& r) {
  a(r.state, r.amount, r.deltas, r.valid_until, r.overdue_at, r.overdue, r.pinned);
}
template <typename A>
void Fields(A& a, F<A, RowId>& r) {
  a(r.table, r.primary_key);
}
template <typename A>
void Fields(A& a, F<A, RowContribution>& r) {
  a(r.source, r.row, r.part_key, r.event_id, r.image_hash, r.account, r.amount, r.line, r.counted,
    r.shared);
  if (a.version() >= 5) a(r.said, r.doubts, r.seen_run);
}
template <typename A>
void Fields(A& a, F<A, PastGeneration>& r) {
  a(r.decision_id, r.state, r.amount);
}
template <typename A>
void Fields(A& a, F<A, Approval>& r) {
  a(r.covers, r.seen_at, r.until);
}
template <typename A>
void Fields(A& a, F<A, Hold>& r) {
  a(r.state, r.held_at, r.last_asked_at, r.asked, r.decisions, r.approval, r.reviewed_by,
    r.review_reason, r.group);
}
template <typename A>
void Fields(A& a, F<A, HoldEntry>& r) {
  a(r.state, r.held_at, r.key);
}
template <typename A>
void Fields(A& a, F<A, KeyRecord>& r) {
  a(r.state, r.generation, r.fingerprint, r.decision, r.reservation, r.moved, r.in_progress,
    r.event_seen, r.rows, r.past, r.closed_at, r.changed_at, r.wake_at);
  if (a.version() >= 4) a(r.hold);
}
template <typename A>
void Fields(A& a, F<A, Timer>& r) {
  a(r.at, r.key);
}
template <typename A>
void Fields(A&, F<A, Nothing>&) {}
template <typename A>
void Fields(A& a, F<A, WindowId>& r) {
  a(r.account, r.window, r.key);
}
template <typename A>
void Fields(A& a, F<A, WindowBucket>& r) {
  a(r.number, r.currency, r.count, r.sum, r.largest);
  if (a.version() >= 4) a(r.successes);
}
template <typename A>
void Fields(A& a, F<A, WindowHour>& r) {
  a(r.number, r.samples, r.successes);
}
template <typename A>
void Fields(A& a, F<A, WindowValue>& r) {
  a(r.value, r.bucket);
}
template <typename A>
void Fields(A& a, F<A, Window>& r) {
  a(r.meaning, r.resolution, r.buckets, r.values, r.wake_at);
  if (a.version() >= 4) a(r.hours);
}
template <typename A>
void Fields(A& a, F<A, WindowEnd>& r) {
  a(r.at, r.window);
}
template <typename A>
void Fields(A& a, F<A, RuleStatistics>& r) {
  a(r.hits, r.shadow_hits, r.errors, r.last_hit, r.last_error, r.error, r.day, r.hits_of_day,
    r.minute, r.violations_of_minute, r.suppressed);
  if (a.version() < 4) return;
  a(r.added_version, r.added_at, r.changed_version, r.changed_at, r.meaning);
}
template <typename A>
void Fields(A& a, F<A, Probe>& r) {
  a(r.head, r.read_after);
}
template <typename A>
void Fields(A& a, F<A, Source>& r) {
  a(r.epoch, r.position, r.proven_past, r.awaited, r.coordinates_changed, r.mapping_version);
  if (a.version() >= 6) a(r.inside_transaction);
}
template <typename A>
void Fields(A& a, F<A, Loosening>& r) {
  a(r.actor, r.reason, r.at, r.budget, r.mode, r.until);
}
template <typename A>
void Fields(A& a, F<A, Breaker>& r) {
  a(r.scope, r.state, r.mode, r.budget, r.left, r.origin, r.actor, r.reason, r.changed_at, r.until);
  if (a.version() < 5) return;
  a(r.forced, r.plan, r.rule, r.trips, r.half_open_at, r.failures, r.proving_since, r.wanted);
}
template <typename A>
void Fields(A& a, F<A, BreakerChangeId>& r) {
  a(r.scope, r.sequence);
}
template <typename A>
void Fields(A& a, F<A, PlanRun>& r) {
  a(r.plan, r.actor, r.reason, r.started_at, r.until, r.policy_version, r.scopes, r.before, r.undo);
}
template <typename A>
void Fields(A& a, F<A, Lease>& r) {
  a(r.id, r.checkpoint, r.holder, r.granted, r.left, r.granted_at, r.valid_until, r.report_by,
    r.unexplained);
}
template <typename A>
void Fields(A& a, F<A, GapScope>& r) {
  a(r.kind, r.account, r.order);
}
template <typename A>
void Fields(A& a, F<A, Gap>& r) {
  a(r.source, r.reason, r.since, r.count);
  if (a.version() >= 5) a(r.newest, r.also);
}
template <typename A>
void Fields(A& a, F<A, SuspectId>& r) {
  a(r.book, r.invariant);
}
template <typename A>
void Fields(A& a, F<A, Suspect>& r) {
  a(r.since, r.source, r.event_id, r.late, r.late_since, r.late_source, r.late_event_id);
  if (a.version() >= 5) a(r.history, r.late_history);
}
template <typename A>
void Fields(A& a, F<A, Remark>& r) {
  a(r.actor, r.reason, r.at);
}
template <typename A>
void Fields(A& a, F<A, Review>& r) {
  a(r.state, r.acknowledged, r.resolved, r.cause);
}
template <typename A>
void Fields(A& a, F<A, Violation>& r) {
  a(r.id, r.kind, r.name, r.key, r.account, r.order, r.amount, r.source, r.event_id, r.at,
    r.message, r.fields);
  if (a.version() >= 4) a(r.occurred_at, r.group, r.review);
  if (a.version() >= 5) a(r.history);
}
template <typename A>
void Fields(A& a, F<A, GroupKey>& r) {
  a(r.name, r.by);
}
template <typename A>
void Fields(A& a, F<A, NameCount>& r) {
  a(r.name, r.count, r.open);
}
template <typename A>
void Fields(A& a, F<A, Group>& r) {
  a(r.id, r.key, r.review, r.risk_class, r.since, r.last_at, r.count, r.open, r.found_late, r.names,
    r.sums, r.common, r.first, r.newest, r.message, r.level);
}
template <typename A>
void Fields(A& a, F<A, OpenGroup>& r) {
  a(r.id, r.escalate_at);
}
template <typename A>
void Fields(A& a, F<A, Alert>& r) {
  a(r.id, r.kind, r.at, r.group, r.level, r.stands_for, r.action, r.endpoint, r.violation);
}
template <typename A>
void Fields(A& a, F<A, SnapshotTable>& r) {
  a(r.name, r.cursor, r.begun_at, r.done, r.rows, r.expected_rows, r.unreadable, r.unreadable_lost);
}
template <typename A>
void Fields(A& a, F<A, SnapshotRun>& r) {
  a(r.run, r.state, r.history, r.is_whole, r.begin_anew, r.actor, r.reason, r.requested_at,
    r.begun_at, r.ended_at, r.mapping_version, r.tables, r.swept_to, r.rows, r.corrected,
    r.taken_back, r.violations, r.gaps_healed, r.problem);
}
template <typename A>
void Fields(A& a, F<A, Tally>& r) {
  a(r.raised, r.real_loss, r.bad_data, r.wrong_rule);
}
template <typename A>
void Fields(A& a, F<A, PolicyRecord>& r) {
  a(r.version, r.text, r.actor, r.comment, r.applied_at);
}
template <typename A>
void Fields(A& a, F<A, ClockRecord>& r) {
  a(r.sequence, r.time, r.drifted, r.drift);
}

template <typename A>
void Fields(A& a, F<A, Contribution>& r) {
  a(r.status, r.key, r.account, r.line, r.currency, r.part_key, r.attributes);
}
template <typename A>
void Fields(A& a, F<A, MovementEvent>& r) {
  a(r.kind, r.row, r.image_hash, r.before, r.after);
}
template <typename A>
void Fields(A& a, F<A, FactEvent>& r) {
  a(r.name, r.key);
  if constexpr (std::is_same_v<A, store::Decoder>) {
    if (a.version() < 3) return a(r.after.emplace());
  }
  a(r.account, r.row, r.before, r.after);
}
template <typename A>
void Fields(A& a, F<A, GapEvent>& r) {
  a(r.scope, r.table, r.reason);
  if (a.version() >= 5) a(r.row);
}
template <typename A>
void Fields(A& a, F<A, GuardedColumn>& r) {
  a(r.name, r.before, r.after);
}
template <typename A>
void Fields(A& a, F<A, GuardEvent>& r) {
  a(r.guard, r.row, r.image_hash, r.change, r.columns, r.account, r.key);
}
template <typename A>
void Fields(A& a, F<A, EventOrigin>& r) {
  a(r.server_id, r.statement, r.marks);
}
template <typename A>
void Fields(A& a, F<A, Event>& r) {
  a(r.id, r.occurred_at, r.body);
  if (a.version() >= 2) a(r.origin);
  if (a.version() >= 5) a(r.snapshot);
}

template <typename A>
void Fields(A& a, F<A, Sighting>& r) {
  a(r.source, r.event_id, r.account, r.order, r.at, r.origin);
  if (a.version() >= 4) a(r.table, r.occurred_at);
  if (a.version() >= 5) a(r.history);
}
template <typename A>
void Fields(A& a, F<A, MatchEntry>& r) {
  a(r.thing, r.seen, r.values);
}
template <typename A>
void Fields(A& a, F<A, MatchWatch>& r) {
  a(r.left, r.right, r.open_since, r.changed_at, r.missing_said, r.differs_said, r.overflowed);
}
template <typename A>
void Fields(A& a, F<A, ChainRow>& r) {
  a(r.seen, r.thing, r.amount, r.balance, r.sequence);
}
template <typename A>
void Fields(A& a, F<A, ChainWatch>& r) {
  a(r.currency, r.balance, r.sequence, r.waiting, r.recent);
}
template <typename A>
void Fields(A& a, F<A, StatusStep>& r) {
  a(r.seen, r.status);
}
template <typename A>
void Fields(A& a, F<A, TransitionWatch>& r) {
  a(r.status, r.entered, r.waiting, r.stuck_said, r.recent);
}
template <typename A>
void Fields(A& a, F<A, GuardWatch>& r) {
  a(r.event_id, r.image_hash);
}
template <typename A>
void Fields(A& a, F<A, WatchId>& r) {
  a(r.check, r.key);
}
template <typename A>
void Fields(A& a, F<A, Watch>& r) {
  a(r.of, r.turn);
}
template <typename A>
void Fields(A& a, F<A, WatchTurn>& r) {
  a(r.check, r.at, r.key);
}

template <typename A>
void Fields(A& a, F<A, CheckInput>& r) {
  a(r.request_id, r.key, r.account, r.amount, r.lines, r.attributes, r.max_staleness,
    r.after_positions, r.arrived_at, r.may_wait);
}
template <typename A>
void Fields(A& a, F<A, ConfirmInput>& r) {
  a(r.account, r.key, r.decision_id, r.amount);
}
template <typename A>
void Fields(A& a, F<A, ReleaseInput>& r) {
  a(r.account, r.key, r.decision_id, r.reason);
}
template <typename A>
void Fields(A& a, F<A, RejectHoldInput>& r) {
  a(r.account, r.key, r.decision_id, r.actor, r.reason);
}
template <typename A>
void Fields(A& a, F<A, ApproveHoldInput>& r) {
  a(r.account, r.key, r.decision_id, r.actor, r.reason);
}
template <typename A>
void Fields(A& a, F<A, AcknowledgeInput>& r) {
  a(r.id, r.actor, r.reason);
}
template <typename A>
void Fields(A& a, F<A, ResolveInput>& r) {
  a(r.id, r.cause, r.actor, r.reason);
}
template <typename A>
void Fields(A& a, F<A, DeliveredInput>& r) {
  a(r.alerts);
}
template <typename A>
void Fields(A& a, F<A, GrantEpochInput>& r) {
  a(r.source, r.coordinates_changed, r.mapping_version);
}
template <typename A>
void Fields(A& a, F<A, SnapshotStep>& r) {
  a(r.run, r.table, r.cursor, r.rows, r.expected_rows, r.is_last, r.sweeps, r.begins_anew,
    r.problem);
}
template <typename A>
void Fields(A& a, F<A, IngestInput>& r) {
  a(r.source, r.epoch, r.previous, r.position, r.mapping_version, r.events, r.probe);
  if (a.version() >= 5) a(r.snapshot);
  if (a.version() >= 6) a(r.inside_transaction);
}
template <typename A>
void Fields(A& a, F<A, ResnapshotInput>& r) {
  a(r.source, r.tables, r.history, r.begin_anew, r.actor, r.reason);
}
template <typename A>
void Fields(A& a, F<A, CancelResnapshotInput>& r) {
  a(r.source, r.actor, r.reason);
}
template <typename A>
void Fields(A& a, F<A, TripBreakerInput>& r) {
  a(r.scope, r.mode, r.actor, r.reason, r.until);
  if (a.version() >= 5) a(r.forced);
}
template <typename A>
void Fields(A& a, F<A, RunPlanInput>& r) {
  a(r.plan, r.actor, r.reason, r.lasts);
}
template <typename A>
void Fields(A& a, F<A, UndoPlanInput>& r) {
  a(r.plan, r.actor, r.reason);
}
template <typename A>
void Fields(A& a, F<A, GrantLeaseInput>& r) {
  a(r.checkpoint, r.holder, r.ends);
}
template <typename A>
void Fields(A& a, F<A, ReportLeaseInput>& r) {
  a(r.lease, r.holder, r.check, r.allowed_at);
}
template <typename A>
void Fields(A& a, F<A, HalfOpenBreakerInput>& r) {
  a(r.scope, r.mode, r.budget, r.actor, r.reason, r.until);
}
template <typename A>
void Fields(A& a, F<A, ResetBreakerInput>& r) {
  a(r.scope, r.actor, r.reason);
}
// The compiled policy is made of the text again.
template <typename A>
void Fields(A& a, F<A, ApplyPolicyInput>& r) {
  a(r.text, r.actor, r.comment, r.expected_version);
}
template <typename A>
void Fields(A&, F<A, TickInput>&) {}
template <typename A>
void Fields(A& a, F<A, ClockDriftInput>& r) {
  a(r.drift);
}
template <typename A>
void Fields(A& a, F<A, AcceptTimeInput>& r) {
  a(r.actor, r.reason);
}
template <typename A>
void Fields(A& a, F<A, Input>& r) {
  a(r.time, r.body);
}

template <typename A>
void Fields(A& a, F<A, ReservationAnswer>& r) {
  a(r.key, r.account, r.decision_id, r.reservation);
}
template <typename A>
void Fields(A& a, F<A, EpochGrant>& r) {
  a(r.epoch, r.position);
}
template <typename A>
void Fields(A& a, F<A, IngestAnswer>& r) {
  a(r.position, r.violations);
}
template <typename A>
void Fields(A& a, F<A, BreakerAnswer>& r) {
  a(r.breaker);
}
template <typename A>
void Fields(A& a, F<A, SnapshotAnswer>& r) {
  a(r.run);
}
template <typename A>
void Fields(A& a, F<A, PlanAnswer>& r) {
  a(r.run, r.in_force);
}
template <typename A>
void Fields(A& a, F<A, LeaseAnswer>& r) {
  a(r.lease);
}
template <typename A>
void Fields(A& a, F<A, PolicyAnswer>& r) {
  a(r.version);
}
template <typename A>
void Fields(A&, F<A, Done>&) {}
template <typename A>
void Fields(A& a, F<A, Wait>& r) {
  a(r.sources, r.after_positions, r.proven_past, r.give_up_at);
}
template <typename A>
void Fields(A& a, F<A, Refusal>& r) {
  a(r.status);
}

}  // namespace fundgate::core

#endif  // SERVER_STORE_FIELDS_H_
