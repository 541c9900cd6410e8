#include "server/gate/account_page.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/core/breaker_scope.h"
#include "server/gate/convert_audit.h"
#include "server/gate/convert_breakers.h"
#include "server/gate/convert_decision.h"
#include "server/gate/convert_review.h"

namespace fundgate::gate {
namespace {

// Bounds of the contract.
constexpr int kMaxBooks = 1000;
constexpr int kMaxReservations = 1000;
constexpr int kMaxHolds = 100;
constexpr int kMaxBreakers = 100;
constexpr int kMaxViolations = 20;
// Bounds of the work.
constexpr size_t kViolationsSearched = 10'000;
constexpr size_t kTimersSearched = 100'000;
constexpr Sequence kRecordsSearched = 100'000;
constexpr Sequence kSliceRecords = 4096;
// An overdue reservation is looked at again that often.
constexpr absl::Duration kRecheck = absl::Minutes(1);

class AccountPage {
 public:
  AccountPage(const store::View& view, const AccountId& account, v1::GetAccountResponse& page)
      : view_(view), policy_(*view.resident().policy), account_(account), page_(page) {}

  absl::Status FillBooks() {
    return view_.ScanBooks(account_, [this](const core::BookId& id, const core::Book& book) {
      const core::BookDefinition* definition = policy_.FindBook(id.book);
      if (definition == nullptr) return true;  // of a policy of the past
      if (page_.books_size() == kMaxBooks) {
        page_.set_more_books(true);
        return false;
      }
      v1::Book& proto = *page_.add_books();
      proto = ToProto(id, book, *definition);
      MarkUnproven(id, view_.resident(), proto);
      if (!id.order.empty()) orders_.insert(id.order.value());
      return true;
    });
  }

  // Every open reservation has a timer, when it is overdue or, being overdue, a little later.
  absl::Status FillReservations(absl::Time now) {
    absl::Duration longest = kRecheck;
    for (const core::CheckpointDefinition& checkpoint : policy_.checkpoints) {
      longest = std::max(longest, checkpoint.overdue_after);
    }
    size_t searched = 0;
    absl::Status failed;
    FUNDGATE_RETURN_IF_ERROR(view_.ScanTimers(now + longest, [&](const core::Timer& timer) {
      const auto record = view_.Find<core::Keys>(timer.key);
      failed = record.status();
      if (!failed.ok()) return false;
      if (record->has_value()) AddIfOpen(timer.key, **record);
      return ++searched < kTimersSearched && page_.reservations_size() < kMaxReservations;
    }));
    return failed;
  }

  absl::Status FillHolds() {
    for (const core::HoldState state : {core::HoldState::kOpen, core::HoldState::kApproved}) {
      absl::Status failed;
      FUNDGATE_RETURN_IF_ERROR(
          view_.ScanHolds(state, std::nullopt, [&](const core::HoldEntry& entry) {
            const auto record = view_.Find<core::Keys>(entry.key);
            failed = record.status();
            if (!failed.ok()) return false;
            if (record->has_value() && Owns((*record)->fingerprint)) {
              *page_.add_holds() = ToHold(entry.key, **record, policy_);
            }
            return page_.holds_size() < kMaxHolds;
          }));
      FUNDGATE_RETURN_IF_ERROR(failed);
    }
    return absl::OkStatus();
  }

  // After the books, which tell its orders.
  void FillBreakers() {
    for (const auto& [text, breaker] : view_.resident().of<core::Breakers>()) {
      const absl::StatusOr<core::BreakerScope> scope = core::BreakerScope::Parse(text);
      const bool covers =
          scope.ok() && (scope->field.empty() ||
                         (scope->field == "account" && scope->value == account_.value()) ||
                         (scope->field == "order" && orders_.contains(scope->value)));
      if (covers && page_.breakers_size() < kMaxBreakers) {
        *page_.add_breakers() = ToProto(breaker);
      }
    }
  }

  absl::Status FillViolations() {
    FUNDGATE_ASSIGN_OR_RETURN(const std::vector<core::Violation> newest,
                              view_.ListViolations(kViolationsSearched));
    for (const core::Violation& violation : newest) {
      if (violation.account != account_ || page_.violations_size() == kMaxViolations) continue;
      FUNDGATE_ASSIGN_OR_RETURN(const std::optional<core::Group> group,
                                view_.Find<core::Groups>(violation.group));
      *page_.add_violations() = ToProto(violation, group.has_value() ? &*group : nullptr);
    }
    return absl::OkStatus();
  }

  // Backwards, a slice at a time.
  absl::Status FillChecks(size_t wanted) {
    const Sequence last = view_.resident().clock.sequence;
    FUNDGATE_ASSIGN_OR_RETURN(const store::JournalCut cut, view_.GetJournalCut());
    const Sequence oldest =
        std::max(cut.first, last > kRecordsSearched ? last - kRecordsSearched + 1 : 1);
    Sequence next = last + 1;
    while (next > oldest && static_cast<size_t>(page_.checks_size()) < wanted) {
      const Sequence first = std::max(oldest, next > kSliceRecords ? next - kSliceRecords : 1);
      std::vector<v1::Trace> found;
      FUNDGATE_RETURN_IF_ERROR(view_.ScanJournal(first, [&](const store::JournalEntry& entry) {
        if (entry.sequence >= next) return false;
        const auto* check = std::get_if<core::CheckInput>(&entry.input.body);
        if (check != nullptr && check->account == account_) found.push_back(ToTrace(entry));
        return true;
      }));
      for (auto trace = found.rbegin(); trace != found.rend(); ++trace) {
        if (static_cast<size_t>(page_.checks_size()) < wanted) {
          *page_.add_checks() = std::move(*trace);
        }
      }
      next = first;
    }
    page_.set_searched_from_sequence(next);
    return absl::OkStatus();
  }

  bool found_nothing() const {
    return page_.books().empty() && page_.reservations().empty() && page_.holds().empty() &&
           page_.violations().empty() && page_.checks().empty();
  }

 private:
  bool Owns(const std::optional<core::Fingerprint>& fingerprint) const {
    return fingerprint.has_value() && fingerprint->account == account_;
  }

  void AddIfOpen(const core::KeyId& key, const core::KeyRecord& record) {
    if (!Owns(record.fingerprint)) return;
    std::optional<v1::Reservation> reservation = ReservationOf(key, record);
    const bool open =
        reservation.has_value() && (reservation->state() == v1::RESERVATION_STATE_PENDING ||
                                    reservation->state() == v1::RESERVATION_STATE_CONFIRMED);
    if (open) *page_.add_reservations() = *std::move(reservation);
  }

  const store::View& view_;
  const core::Policy& policy_;
  const AccountId& account_;
  v1::GetAccountResponse& page_;
  std::set<std::string> orders_;
};

}  // namespace

absl::Status FillAccount(const store::View& view, const AccountId& account, size_t checks,
                         absl::Time now, v1::GetAccountResponse& response) {
  AccountPage page(view, account, response);
  FUNDGATE_RETURN_IF_ERROR(page.FillBooks());
  FUNDGATE_RETURN_IF_ERROR(page.FillReservations(now));
  FUNDGATE_RETURN_IF_ERROR(page.FillHolds());
  FUNDGATE_RETURN_IF_ERROR(page.FillViolations());
  FUNDGATE_RETURN_IF_ERROR(page.FillChecks(checks));
  if (page.found_nothing()) {
    return absl::NotFoundError(absl::StrCat("nothing is known of account ", account.value()));
  }
  page.FillBreakers();
  response.set_as_of_sequence(view.resident().clock.sequence);
  return absl::OkStatus();
}

}  // namespace fundgate::gate
