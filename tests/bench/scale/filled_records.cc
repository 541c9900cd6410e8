#include "tests/bench/scale/filled_records.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "tests/bench/load/movements.h"

namespace fundgate::bench {
namespace {

const MovementKind& PaymentKind() {
  static const MovementKind kKind("payment");
  return kKind;
}
const MovementKind& RefundKind() {
  static const MovementKind kKind("refund");
  return kKind;
}

template <typename Kind>
absl::Status Take(const core::MemoryState& state, const typename Kind::Id& id,
                  typename Kind::Record& record) {
  std::optional<typename Kind::Record> found = state.Find<Kind>(id);
  if (!found.has_value()) {
    return absl::InternalError(absl::StrCat("the machine keeps none of the ",
                                            std::string(Kind::kName), " that are to be filled"));
  }
  record = *std::move(found);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FilledRecords> FilledRecords::Of(const Timeline& timeline) {
  // The time between two keys is that of a gate which is fed: proof must not be too old.
  Timeline judged = timeline;
  judged.step = absl::Seconds(1);
  FilledRecords records(timeline);
  core::MemoryState state;
  History history(state, [&state](const core::Input& /*input*/, const core::Outcome& outcome) {
    state.Absorb(outcome.changes);
    return absl::OkStatus();
  });
  FUNDGATE_RETURN_IF_ERROR(history.Begin(judged.begun));
  FUNDGATE_RETURN_IF_ERROR(history.Live(judged, 0));
  FUNDGATE_RETURN_IF_ERROR(
      history.Rest(judged.ChangedAt(timeline.population.keys_of_order()) + absl::Hours(1)));
  records.retention_ = state.resident().policy->key_retention;
  FUNDGATE_RETURN_IF_ERROR(Take<core::Keys>(state, records.IdOf(0), records.payment_));
  FUNDGATE_RETURN_IF_ERROR(Take<core::Keys>(state, records.IdOf(1), records.refund_));
  const uint64_t order = timeline.population.first_order();
  FUNDGATE_RETURN_IF_ERROR(Take<core::Books>(state, records.BookOf(order), records.book_));
  FUNDGATE_RETURN_IF_ERROR(Take<core::Families>(state, records.FamilyOf(order), records.family_));
  if (records.payment_.rows.size() != 1 || records.refund_.rows.size() != 1 ||
      !records.refund_.decision.has_value() || records.refund_.decision->sources.size() != 1 ||
      !records.refund_.fingerprint.has_value() || !records.refund_.reservation.has_value()) {
    return absl::InternalError("a key's record isn't what the worked example makes of it");
  }
  return records;
}

core::KeyId FilledRecords::IdOf(uint64_t number) const {
  const Population& population = timeline_.population;
  return {population.IsPayment(number) ? PaymentKind() : RefundKind(),
          IdempotencyKey(population.NameOf(number))};
}

core::BookId FilledRecords::BookOf(uint64_t order) const {
  return {"order", AccountId(AccountOf(order, timeline_.population.accounts())),
          OrderId(NameOf(order)), Currency::FromCode(kCurrency).value()};
}

core::FamilyId FilledRecords::FamilyOf(uint64_t order) const {
  return {"order", AccountId(AccountOf(order, timeline_.population.accounts())),
          OrderId(NameOf(order))};
}

const core::KeyRecord& FilledRecords::Key(uint64_t number) {
  const Population& population = timeline_.population;
  const bool is_payment = population.IsPayment(number);
  core::KeyRecord& record = is_payment ? payment_ : refund_;
  const uint64_t order = population.OrderOf(number);
  const AccountId account(AccountOf(order, population.accounts()));
  const OrderId name(NameOf(order));
  const uint64_t key = timeline_.FirstKey() + number;
  const absl::Time changed_at = timeline_.ChangedAt(number);
  core::RowContribution& row = record.rows.front();
  row.event_id = EventOf(key);
  row.account = account;
  row.line.order = name;
  if (row.part_key != "") row.part_key = name.value();
  record.changed_at = changed_at;
  record.wake_at = WakeAt(number);
  if (is_payment) return record;

  record.fingerprint->account = account;
  record.fingerprint->lines.front().order = name;
  core::Decision& decision = *record.decision;
  const absl::Time decided_at = timeline_.CheckedAt(number);
  const absl::Duration later = decided_at - decision.decided_at;
  decision.id = core::DecisionId(CheckSequenceOf(key, population.keys_of_order()));
  decision.key = IdOf(number);
  decision.request_id = decision.key.key.value();
  decision.account = account;
  decision.decided_at = decided_at;
  *decision.valid_until += later;
  *decision.overdue_at += later;
  core::SourceSighting& sighting = decision.sources.front();
  sighting.position = PositionOf(key - 1);
  sighting.proven_past = timeline_.ChangedAt(number - 1);
  record.reservation->valid_until = *decision.valid_until;
  record.reservation->overdue_at = *decision.overdue_at;
  return record;
}

}  // namespace fundgate::bench
