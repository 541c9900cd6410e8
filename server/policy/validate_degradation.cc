// What a checkpoint answers where it can't judge, by condition and amount; see validate_parts.h.
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/policy/scalars.h"
#include "server/policy/validate_parts.h"

namespace fundgate::policy {
namespace {

// The fields of a checkpoint and of a row alike.
template <typename Message>
std::array<std::pair<const char*, v1::Verdict>, 5> AnswersOf(const Message& message) {
  return {std::pair(".when_stale", message.when_stale()),
          std::pair(".when_unproven", message.when_unproven()),
          std::pair(".when_error", message.when_error()),
          std::pair(".when_overloaded", message.when_overloaded()),
          std::pair(".when_unreachable", message.when_unreachable())};
}

bool IsOfLeases(std::string_view field) {
  return field == ".when_overloaded" || field == ".when_unreachable";
}

// What the ALLOWs of a matrix need.
struct Needs {
  bool budget = false;
  bool lease = false;
};

template <typename Message>
void CheckAnswers(const Validation& v, const std::string& path, const v1::Checkpoint& checkpoint,
                  const Message& message, Needs& needs) {
  for (const auto& [field, verdict] : AnswersOf(message)) {
    if (verdict != v1::VERDICT_ALLOW) continue;
    if (std::string_view(field) == ".when_error") {
      v.AtValue(path + field,
                "when_error can't be ALLOW: money is never allowed by arithmetic that failed; "
                "write HOLD or BLOCK");
      continue;
    }
    needs.budget = true;
    needs.lease |= IsOfLeases(field);
    if (!v.places.IsRead(path + field)) continue;
    if (!checkpoint.has_blind_budget()) {
      v.AtValue(path + field,
                "ALLOW without proof needs a bound: add blind_budget: {calls: 20, amount: CNY "
                "1000.00}");
    } else if (IsOfLeases(field) && !checkpoint.has_lease()) {
      v.AtValue(path + field,
                "who can't ask the gate allows by a lease: add lease: {budget: {calls: 5, amount: "
                "CNY 100.00}}");
    }
  }
}

void CheckBudget(const Validation& v, const std::string& path, const v1::Budget& budget) {
  if (budget.calls() < 1 && v.places.IsRead(path + ".calls")) {
    v.AtValue(path + ".calls", "a budget has 1 call or more");
  }
  if (!budget.amount().currency_code().empty() && budget.amount().minor_units() <= 0) {
    v.AtValue(path + ".amount", "a budget's amount is more than 0");
  }
}

void CheckRows(const Validation& v, const std::string& path, const v1::Checkpoint& checkpoint,
               Needs& needs) {
  for (int i = 0; i < checkpoint.by_amount_size(); ++i) {
    const v1::AmountRow& row = checkpoint.by_amount(i);
    const std::string place = absl::StrCat(path, ".by_amount[", i, "]");
    CheckAnswers(v, place, checkpoint, row, needs);
    bool says_something = false;
    for (const auto& [field, verdict] : AnswersOf(row)) {
      says_something |= verdict != v1::VERDICT_UNSPECIFIED;
    }
    if (!says_something) {
      v.AtValue(place, "a row says of at least one condition what is answered: when_stale: ALLOW");
    }
    if (!v.places.IsRead(place + ".up_to")) continue;
    if (row.up_to().minor_units() <= 0) {
      v.AtValue(place + ".up_to", "must be more than 0");
    }
    if (i == 0) continue;
    const ::fundgate::v1::Money& smaller = checkpoint.by_amount(i - 1).up_to();
    if (smaller.currency_code() != row.up_to().currency_code()) {
      v.AtValue(place + ".up_to",
                absl::StrCat("all rows are in one currency, ", smaller.currency_code(), " here"));
    } else if (smaller.minor_units() >= row.up_to().minor_units()) {
      v.AtValue(place + ".up_to", "rows stand in order: this amount must be more than the last");
    }
  }
}

void CheckDuration(const Validation& v, const std::string& path, bool given,
                   const google::protobuf::Duration& message, absl::Duration least,
                   absl::Duration most) {
  if (!given) return;
  const absl::Duration value = ToDuration(message);
  if (value >= least && value <= most) return;
  v.AtValue(path, absl::StrCat(DurationText(value), " is out of range; ", DurationText(least),
                               " to ", DurationText(most), " is accepted"));
}

void CheckLease(const Validation& v, const std::string& path, const v1::Checkpoint& checkpoint) {
  const v1::Lease& lease = checkpoint.lease();
  CheckBudget(v, path + ".budget", lease.budget());
  CheckDuration(v, path + ".valid_for", lease.has_valid_for(), lease.valid_for(), absl::Seconds(1),
                absl::Hours(24));
  CheckDuration(v, path + ".report_within", lease.has_report_within(), lease.report_within(),
                absl::Minutes(1), absl::Hours(24 * 7));
  if (!checkpoint.has_blind_budget() || !v.places.IsRead(path + ".budget")) return;
  const v1::Budget& all = checkpoint.blind_budget();
  if (all.amount().currency_code() != lease.budget().amount().currency_code()) {
    v.AtValue(path + ".budget.amount", absl::StrCat("is taken out of blind_budget, which is in ",
                                                    all.amount().currency_code()));
  } else if (lease.budget().calls() > all.calls() ||
             lease.budget().amount().minor_units() > all.amount().minor_units()) {
    v.AtKey(path + ".budget", "one lease can't have more than blind_budget, which all share");
  }
}

}  // namespace

void ValidateDegradation(const Validation& v, const std::string& path,
                         const v1::Checkpoint& checkpoint) {
  Needs needs;
  CheckAnswers(v, path, checkpoint, checkpoint, needs);
  CheckRows(v, path, checkpoint, needs);
  if (checkpoint.has_blind_budget()) {
    if (!needs.budget) {
      v.AtKey(path + ".blind_budget",
              "blind_budget is never used: no condition is answered with ALLOW");
    }
    CheckBudget(v, path + ".blind_budget", checkpoint.blind_budget());
  }
  if (!checkpoint.has_lease()) return;
  if (!needs.lease) {
    v.AtKey(path + ".lease",
            "lease is never used: neither when_overloaded nor when_unreachable is ALLOW");
  }
  CheckLease(v, path + ".lease", checkpoint);
}

}  // namespace fundgate::policy
