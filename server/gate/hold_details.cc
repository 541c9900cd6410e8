#include "server/gate/hold_details.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "fundgate/types/status_macros.h"
#include "server/core/breaker_scope.h"
#include "server/gate/convert_audit.h"
#include "server/gate/convert_breakers.h"
#include "server/gate/convert_check.h"
#include "server/gate/convert_decision.h"
#include "server/gate/convert_review.h"

namespace fundgate::gate {
namespace {

constexpr int kMaxBooks = 100;
constexpr int kMaxBreakers = 100;
constexpr int kMaxViolations = 20;
constexpr size_t kViolationsSearched = 10'000;

// The decisions of the hold, the newest first, and the check that the newest one answered.
absl::Status FillDecisions(const store::View& view, const core::Hold& hold,
                           std::optional<core::CheckInput>& newest, v1::GetHoldResponse& response) {
  for (auto id = hold.decisions.rbegin(); id != hold.decisions.rend(); ++id) {
    const std::optional<Sequence> sequence = core::SequenceOfDecision(*id);
    if (!sequence.has_value()) continue;
    FUNDGATE_ASSIGN_OR_RETURN(const store::JournalEntry entry, view.GetJournalEntry(*sequence));
    const auto* check = std::get_if<core::CheckInput>(&entry.input.body);
    const auto* decision = std::get_if<core::Decision>(&entry.answer);
    if (check == nullptr || decision == nullptr) continue;
    if (!newest.has_value()) newest = *check;
    *response.add_decisions() = ToProto(*decision);
  }
  return absl::OkStatus();
}

// The books that the movement's effects name, of each of its orders.
absl::Status FillBooks(const store::View& view, const core::CheckInput& check,
                       v1::GetHoldResponse& response) {
  const core::Policy& policy = *view.resident().policy;
  const core::MovementDefinition* movement = policy.FindMovement(check.key.kind);
  if (movement == nullptr) return absl::OkStatus();
  std::set<core::BookId> ids;
  for (const core::Effect& effect : movement->effects) {
    const core::BookDefinition& book = policy.books[effect.book];
    for (const core::Line& line : check.lines) {
      if (ids.size() >= kMaxBooks) break;
      ids.insert({book.name, check.account, book.by_order ? line.order : OrderId(),
                  check.amount.currency});
    }
  }
  for (const core::BookId& id : ids) {
    const core::BookDefinition& definition = *policy.FindBook(id.book);
    FUNDGATE_ASSIGN_OR_RETURN(const std::optional<core::Book> book, view.Find<core::Books>(id));
    const core::Book untouched{core::Counters(definition.counters.size())};
    v1::Book& proto = *response.add_books();
    proto = ToProto(id, book.value_or(untouched), definition);
    MarkUnproven(id, view.resident(), proto);
  }
  return absl::OkStatus();
}

void FillBreakers(const store::View& view, const core::CheckInput& check,
                  v1::GetHoldResponse& response) {
  const auto& breakers = view.resident().of<core::Breakers>();
  for (const std::string& scope : core::ScopesCovering(check)) {
    const auto found = breakers.find(scope);
    if (found == breakers.end() || response.breakers_size() == kMaxBreakers) continue;
    *response.add_breakers() = ToProto(found->second);
  }
}

absl::Status FillViolations(const store::View& view, const AccountId& account,
                            v1::GetHoldResponse& response) {
  FUNDGATE_ASSIGN_OR_RETURN(const std::vector<core::Violation> newest,
                            view.ListViolations(kViolationsSearched));
  for (const core::Violation& violation : newest) {
    if (violation.account != account || response.violations_size() == kMaxViolations) continue;
    FUNDGATE_ASSIGN_OR_RETURN(const std::optional<core::Group> group,
                              view.Find<core::Groups>(violation.group));
    *response.add_violations() = ToProto(violation, group.has_value() ? &*group : nullptr);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status FillHoldDetails(const store::View& view, const core::KeyId& key,
                             const core::KeyRecord& record, v1::GetHoldResponse& response) {
  *response.mutable_hold() = ToHold(key, record, *view.resident().policy);
  std::optional<core::CheckInput> check;
  FUNDGATE_RETURN_IF_ERROR(FillDecisions(view, *record.hold, check, response));
  if (check.has_value()) {
    *response.mutable_request() = ToProto(*check);
    FillBreakers(view, *check, response);
    FUNDGATE_RETURN_IF_ERROR(FillBooks(view, *check, response));
  }
  return FillViolations(view, record.fingerprint->account, response);
}

}  // namespace fundgate::gate
