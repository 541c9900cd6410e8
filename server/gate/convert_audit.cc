#include "server/gate/convert_audit.h"

#include <openssl/sha.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/core/reviews.h"
#include "server/gate/convert_review.h"
#include "server/gate/convert_values.h"

namespace fundgate::gate {
namespace {

bool Feeds(const core::Policy& policy, const MovementKind& kind, const std::string& book) {
  const core::MovementDefinition* movement = policy.FindMovement(kind);
  return movement != nullptr && std::any_of(movement->effects.begin(), movement->effects.end(),
                                            [&](const core::Effect& effect) {
                                              return policy.books[effect.book].name == book;
                                            });
}

}  // namespace

std::optional<core::BookId> ToBookId(const v1::GetBookRequest& request, const core::Policy& policy,
                                     Problems& problems) {
  core::BookId id;
  problems.Text("book", request.book(), 1, kMaxFieldNameBytes);
  id.book = request.book();
  id.currency = ToCurrency(request.currency_code(), "currency_code", problems);
  const core::BookDefinition* definition = policy.FindBook(request.book());
  if (definition == nullptr) return std::nullopt;

  const auto part = [&](const std::string& name) {
    const auto found = request.key().find(name);
    const std::string value = found == request.key().end() ? "" : found->second;
    problems.Text(absl::StrCat("key[", name, "]"), value, 1, core::kMaxIdBytes);
    return value;
  };
  id.account = AccountId(part("account_id"));
  if (definition->by_order) id.order = OrderId(part("order_id"));
  for (const auto& [name, value] : request.key()) {
    if (name == "account_id" || (name == "order_id" && definition->by_order)) continue;
    problems.Add(absl::StrCat("key[", name, "]"),
                 absl::StrCat("is no part of the key of book ", id.book, ", which is ",
                              definition->by_order ? "account_id and order_id" : "account_id"));
  }
  if (!problems.empty()) return std::nullopt;
  return id;
}

v1::JournalCut ToProto(const store::JournalCut& cut) {
  v1::JournalCut proto;
  proto.set_first_sequence(cut.first);
  v1::JournalAnchor& last_dropped = *proto.mutable_last_dropped();
  last_dropped.set_journal(cut.origin_hash);
  last_dropped.set_sequence(cut.first - 1);
  last_dropped.set_hash(cut.before_hash);
  *last_dropped.mutable_time() = ToProto(cut.ended);
  last_dropped.set_signature(cut.signature);
  *proto.mutable_begun_at() = ToProto(cut.begun);
  *proto.mutable_cut_at() = ToProto(cut.cut_at);
  return proto;
}

v1::Book ToProto(const core::BookId& id, const core::Book& book,
                 const core::BookDefinition& definition) {
  v1::Book proto;
  proto.set_book(id.book);
  proto.set_currency_code(std::string(id.currency.code()));
  (*proto.mutable_key())["account_id"] = id.account.value();
  if (definition.by_order) (*proto.mutable_key())["order_id"] = id.order.value();
  for (size_t i = 0; i < book.counters.size() && i < definition.counters.size(); ++i) {
    v1::Counter& counter = *proto.add_counters();
    counter.set_name(definition.counters[i]);
    counter.set_posted(book.counters[i].posted);
    counter.set_pending_up(book.counters[i].pending_up);
    counter.set_pending_down(book.counters[i].pending_down);
  }
  return proto;
}

void MarkUnproven(const core::BookId& id, const core::Resident& resident, v1::Book& proto) {
  if (resident.policy == nullptr) return;
  for (const auto& [scope, gap] : resident.of<core::Gaps>()) {
    const bool touches = (scope.account.empty() || scope.account == id.account) &&
                         (scope.order.empty() || id.order.empty() || scope.order == id.order) &&
                         Feeds(*resident.policy, scope.kind, id.book);
    if (!touches) continue;
    proto.set_unproven(true);
    proto.set_unproven_reason(absl::StrCat("a ", scope.kind.value(), " of source ",
                                           gap.source.value(), " could not be read: ", gap.reason,
                                           " (", gap.count, " times since ",
                                           absl::FormatTime(gap.since, absl::UTCTimeZone()), ")"));
    return;
  }
}

v1::ViolationKind ToProto(core::ViolationKind kind) {
  switch (kind) {
    case core::ViolationKind::kUngated:
      return v1::VIOLATION_KIND_UNGATED;
    case core::ViolationKind::kAfterRelease:
      return v1::VIOLATION_KIND_AFTER_RELEASE;
    case core::ViolationKind::kAfterBlock:
      return v1::VIOLATION_KIND_AFTER_BLOCK;
    case core::ViolationKind::kDuplicateMovement:
      return v1::VIOLATION_KIND_DUPLICATE_MOVEMENT;
    case core::ViolationKind::kAmountMismatch:
      return v1::VIOLATION_KIND_AMOUNT_MISMATCH;
    case core::ViolationKind::kUnitMismatch:
      return v1::VIOLATION_KIND_UNIT_MISMATCH;
    case core::ViolationKind::kOtherAccount:
      return v1::VIOLATION_KIND_OTHER_ACCOUNT;
    case core::ViolationKind::kOtherOrder:
      return v1::VIOLATION_KIND_OTHER_ORDER;
    case core::ViolationKind::kOtherCurrency:
      return v1::VIOLATION_KIND_OTHER_CURRENCY;
    case core::ViolationKind::kMovementUndone:
      return v1::VIOLATION_KIND_MOVEMENT_UNDONE;
    case core::ViolationKind::kInvariant:
      return v1::VIOLATION_KIND_INVARIANT;
    case core::ViolationKind::kOverdue:
      return v1::VIOLATION_KIND_OVERDUE;
    case core::ViolationKind::kMatchMissing:
      return v1::VIOLATION_KIND_MATCH_MISSING;
    case core::ViolationKind::kMatchDiffers:
      return v1::VIOLATION_KIND_MATCH_DIFFERS;
    case core::ViolationKind::kChainBroken:
      return v1::VIOLATION_KIND_CHAIN_BROKEN;
    case core::ViolationKind::kTransition:
      return v1::VIOLATION_KIND_TRANSITION;
    case core::ViolationKind::kStuck:
      return v1::VIOLATION_KIND_STUCK;
    case core::ViolationKind::kGuard:
      return v1::VIOLATION_KIND_GUARD;
    case core::ViolationKind::kFactUnreadable:
      return v1::VIOLATION_KIND_FACT_UNREADABLE;
    case core::ViolationKind::kBreakerTripped:
      return v1::VIOLATION_KIND_BREAKER_TRIPPED;
    case core::ViolationKind::kLeaseOverrun:
      return v1::VIOLATION_KIND_LEASE_OVERRUN;
    case core::ViolationKind::kRule:
      return v1::VIOLATION_KIND_RULE;
  }
  return v1::VIOLATION_KIND_UNSPECIFIED;
}

v1::Violation ToProto(const core::Violation& violation, const core::Group* group) {
  v1::Violation proto;
  proto.set_id(violation.id);
  proto.set_kind(ToProto(violation.kind));
  proto.set_name(violation.name);
  proto.set_checkpoint(violation.key.kind.value());
  proto.set_idempotency_key(violation.key.key.value());
  proto.set_account_id(violation.account.value());
  proto.set_order_id(violation.order.value());
  if (!violation.amount.currency.empty()) {
    *proto.mutable_amount() = gate::ToProto(violation.amount);
  }
  proto.set_source(violation.source.value());
  *proto.mutable_at() = gate::ToProto(violation.at);
  proto.set_message(violation.message);
  for (const auto& [name, value] : violation.fields) (*proto.mutable_fields())[name] = value;
  // The id is "v<sequence in hexadecimal>-<count>".
  uint64_t sequence = 0;
  const size_t dash = violation.id.find('-');
  if (dash != std::string::npos && dash > 1 &&
      absl::SimpleHexAtoi(violation.id.substr(1, dash - 1), &sequence)) {
    proto.set_sequence(sequence);
  }
  proto.set_event_id(violation.event_id);
  *proto.mutable_review() =
      ToProto(group == nullptr ? violation.review : core::EffectiveReview(violation, *group));
  proto.set_group_id(violation.group);
  proto.set_history(violation.history);
  if (violation.occurred_at != absl::InfinitePast()) {
    *proto.mutable_occurred_at() = gate::ToProto(violation.occurred_at);
  }
  return proto;
}

v1::PolicyVersion ToProto(const core::PolicyRecord& record) {
  v1::PolicyVersion proto;
  proto.set_version(record.version);
  proto.set_actor(record.actor);
  proto.set_comment(record.comment);
  *proto.mutable_applied_at() = gate::ToProto(record.applied_at);
  proto.set_document_hash(Sha256(record.text));
  return proto;
}

std::string Sha256(const std::string& text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

}  // namespace fundgate::gate
