#include "client/fundctl/rows.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/fundctl/output.h"

namespace fundgate::fundctl {
namespace {

std::string OrDash(const std::string& text) { return text.empty() ? "-" : text; }

std::string MoneyText(const v1::Book& book, int64_t minor_units) {
  v1::Money money;
  money.set_currency_code(book.currency_code());
  money.set_minor_units(minor_units);
  return TextOf(money);
}

}  // namespace

Row BreakerHead() { return {"SCOPE", "STATE", "MODE", "UNTIL", "BY", "REASON"}; }

Row ShortRow(const Context& context, const v1::Breaker& breaker) {
  const std::string state = WithoutPrefix(v1::BreakerState_Name(breaker.state()), "BREAKER_STATE_");
  const Tone tone = breaker.state() == v1::BREAKER_STATE_OPEN ? Tone::kBad : Tone::kWarning;
  return {breaker.scope(),
          Painted(context, tone, state),
          Painted(context, breaker.mode()),
          breaker.has_until() ? TextOf(breaker.until()) : "-",
          breaker.actor(),
          breaker.reason()};
}

Row HoldHead() { return {"HELD SINCE", "MOVEMENT", "ACCOUNT", "AMOUNT", "ASKED", "WHY"}; }

Row ShortRow(const Context& /*context*/, const v1::Hold& hold) {
  std::vector<std::string> why;
  for (const v1::Reason& reason : hold.reasons()) {
    if (reason.verdict() == v1::VERDICT_HOLD) why.push_back(NameOf(reason));
  }
  return {TextOf(hold.held_at()),     absl::StrCat(hold.checkpoint(), " ", hold.idempotency_key()),
          hold.account_id(),          TextOf(hold.amount()),
          absl::StrCat(hold.asked()), absl::StrJoin(why, ", ")};
}

Row ViolationHead() { return {"FOUND AT", "WHAT", "STATE", "ACCOUNT", "ORDER", "AMOUNT", "ID"}; }

Row ShortRow(const Context& context, const v1::Violation& violation) {
  const v1::ReviewState state = violation.review().state();
  const std::string word = WithoutPrefix(v1::ReviewState_Name(state), "REVIEW_STATE_");
  return {TextOf(violation.at()),
          violation.name(),
          state == v1::REVIEW_STATE_OPEN ? Painted(context, Tone::kBad, word) : word,
          OrDash(violation.account_id()),
          OrDash(violation.order_id()),
          violation.amount().minor_units() == 0 ? "-" : TextOf(violation.amount()),
          violation.id()};
}

Row BookHead() { return {"BOOK", "ORDER", "COUNTER", "POSTED", "PENDING UP", "PENDING DOWN"}; }

void AddRows(const Context& context, const v1::Book& book, std::vector<Row>& rows) {
  const auto order = book.key().find("order_id");
  for (const v1::Counter& counter : book.counters()) {
    if (counter.posted() == 0 && counter.pending_up() == 0 && counter.pending_down() == 0) continue;
    rows.push_back({book.book(), order == book.key().end() ? "-" : order->second, counter.name(),
                    MoneyText(book, counter.posted()), MoneyText(book, counter.pending_up()),
                    MoneyText(book, counter.pending_down())});
  }
  if (book.unproven()) {
    rows.push_back({book.book(), order == book.key().end() ? "-" : order->second,
                    Painted(context, Tone::kWarning, "UNPROVEN"), book.unproven_reason()});
  }
}

std::string Section(const Context& context, const std::string& title, const std::vector<Row>& rows,
                    const std::string& none) {
  const std::string head = Painted(context, Tone::kTitle, title);
  if (rows.size() <= 1) return absl::StrCat(head, "  ", none, "\n\n");
  return absl::StrCat(head, "\n", TableText(rows), "\n");
}

}  // namespace fundgate::fundctl
