#include "client/fundctl/explanation.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "client/fundctl/asked.h"
#include "client/fundctl/output.h"
#include "google/protobuf/util/time_util.h"

namespace fundgate::fundctl {
namespace {

using google::protobuf::util::TimeUtil;

std::string Word(v1::Verdict verdict) {
  return WithoutPrefix(v1::Verdict_Name(verdict), "VERDICT_");
}

std::string Count(int64_t number, const std::string& what) {
  return absl::StrCat(number, " ", what, number == 1 ? "" : "s");
}

// "refund r1 of CNY 60.00 for order o1 of account m1"
std::string Movement(const v1::CheckRequest& asked) {
  std::string text = absl::StrCat(asked.checkpoint(), " ", asked.idempotency_key(), " of ",
                                  TextOf(asked.amount()));
  if (!asked.order_id().empty()) absl::StrAppend(&text, " for order ", asked.order_id());
  if (!asked.lines().empty()) {
    absl::StrAppend(&text, " over ", Count(asked.lines_size(), "order"));
  }
  return absl::StrCat(text, " of account ", asked.account_id());
}

// What the answer means for whoever asked.
std::string Meaning(const v1::Decision& decision) {
  switch (decision.verdict()) {
    case v1::VERDICT_ALLOW:
      return "may be started";
    case v1::VERDICT_BLOCK:
      return "must not be started; asking again helps only once the cause is gone";
    default:
      return "must not be started yet";
  }
}

// The kind of a reason as a sentence.
std::string Sentence(const v1::Reason& reason, const v1::Trace& trace) {
  const auto field = [&reason](const char* name) {
    const auto found = reason.fields().find(name);
    return found == reason.fields().end() ? std::string() : found->second;
  };
  switch (reason.code()) {
    case v1::REASON_CODE_INVARIANT:
      return absl::StrCat("With it, the invariant ", reason.name(), " of book ", field("book"),
                          " would be broken");
    case v1::REASON_CODE_IDEMPOTENCY_CONFLICT:
      return absl::StrCat("The key ", AskedOf(trace).idempotency_key(),
                          " belongs to another movement: the ", reason.name(), " differs");
    case v1::REASON_CODE_ALREADY_MOVED:
      return "The money of this key has moved already";
    case v1::REASON_CODE_IN_DOUBT:
      return "It was allowed before, its time ran out, and nobody said whether it moved";
    case v1::REASON_CODE_RULE:
      return absl::StrCat("The policy's rule ", reason.name(), " is true of it");
    case v1::REASON_CODE_BREAKER:
      return absl::StrCat("The breaker ", reason.name(), " stands in the way");
    case v1::REASON_CODE_STALE_SOURCE:
      return absl::StrCat("What ", reason.name(), " says is not known to be recent enough");
    case v1::REASON_CODE_UNPROVEN:
      return absl::StrCat("It would fail ", reason.name(),
                          ", and whether it does is not proven: knowledge on its way may cure it");
    case v1::REASON_CODE_HELD:
      return "The key is closed to checks that were on their way when it was released";
    case v1::REASON_CODE_REJECTED:
      return "An operator rejected this movement, finally";
    case v1::REASON_CODE_LEASE:
      return absl::StrCat("The service itself allowed it, by lease ", reason.name(),
                          ", when the gate could not be asked");
    case v1::REASON_CODE_LIMIT:
      return absl::StrCat("A limit was reached at ", reason.name());
    default:
      return reason.name();
  }
}

// Fields of a book's invariant are its counters, in minor units; the book's key is said elsewhere.
bool IsOfABook(const v1::Reason& reason) { return reason.fields().count("book") > 0; }

std::string ValueText(const v1::Reason& reason, const std::string& value,
                      const std::string& currency) {
  int64_t minor_units = 0;
  if (!IsOfABook(reason) || !absl::SimpleAtoi(value, &minor_units)) return value;
  v1::Money money;
  money.set_currency_code(currency);
  money.set_minor_units(minor_units);
  return TextOf(money);
}

void AppendFields(const v1::Reason& reason, const std::string& currency, std::string& text) {
  std::vector<std::pair<std::string, std::string>> fields;
  size_t widest = 0;
  for (const auto& [name, value] : reason.fields()) {
    if (IsOfABook(reason) && (name == "book" || name == "order_id")) continue;
    fields.emplace_back(name, ValueText(reason, value, currency));
    widest = std::max(widest, name.size());
  }
  std::sort(fields.begin(), fields.end());
  for (const auto& [name, value] : fields) {
    absl::StrAppend(&text, "       ", name, std::string(widest - name.size() + 2, ' '), value,
                    "\n");
  }
}

void AppendReason(const v1::Reason& reason, const v1::Trace& trace, int number, std::string& text) {
  absl::StrAppend(&text, "  ", number, ". ", Sentence(reason, trace), ".\n     ");
  if (reason.verdict() == v1::VERDICT_ALLOW) {
    absl::StrAppend(&text, "Only reported, it doesn't count here: ");
  }
  absl::StrAppend(&text, reason.message(), "\n");
  AppendFields(reason, AskedOf(trace).amount().currency_code(), text);
}

void AppendReasons(const v1::Trace& trace, std::string& text) {
  const v1::Decision& decision = trace.decision();
  if (decision.reasons().empty()) {
    absl::StrAppend(&text, "\nNothing spoke against it: no breaker over it was open, ",
                    decision.sources().empty() ? "" : "its sources were recent enough, ",
                    "every invariant of the books that it changes holds even if all that is "
                    "pending happens, and no enforced rule was true of it.\n");
    return;
  }
  absl::StrAppend(&text, "\n", Count(decision.reasons_size(), "reason"),
                  ", the severest counts:\n");
  int number = 0;
  for (const v1::Reason& reason : decision.reasons()) {
    AppendReason(reason, trace, ++number, text);
  }
}

void AppendShadows(const v1::Trace& trace, std::string& text) {
  if (trace.decision().shadow_reasons().empty()) return;
  absl::StrAppend(&text, "\nIn shadow, without counting, rules would have said:\n");
  int number = 0;
  for (const v1::Reason& reason : trace.decision().shadow_reasons()) {
    absl::StrAppend(&text, "  ", ++number, ". ", Word(reason.verdict()), ": ", reason.message(),
                    "\n");
    AppendFields(reason, AskedOf(trace).amount().currency_code(), text);
  }
}

void AppendSources(const v1::Trace& trace, std::string& text) {
  for (const v1::SourceFreshness& source : trace.decision().sources()) {
    absl::StrAppend(&text, "  ", source.name(), " at ",
                    source.position().empty() ? "no position" : source.position(), ": ");
    if (!source.has_as_of()) {
      absl::StrAppend(&text, "never proven\n");
      continue;
    }
    const google::protobuf::Duration age = trace.time() - source.as_of();
    absl::StrAppend(&text, "all up to ", TextOf(source.as_of()), " was known, ",
                    TimeUtil::DurationToNanoseconds(age) < 0
                        ? "after it was asked"
                        : absl::StrCat(TextOf(age), " before it was judged"),
                    "\n");
  }
}

// What comes after it.
std::string Outlook(const v1::Decision& decision) {
  if (decision.verdict() == v1::VERDICT_ALLOW && decision.has_reservation()) {
    return absl::StrCat(TextOf(decision.reservation().amount()), " ",
                        decision.replayed() ? "were reserved by that" : "are reserved",
                        " until somebody says what became of it. It must not be started after ",
                        TextOf(decision.valid_until()), ".");
  }
  if (decision.verdict() != v1::VERDICT_HOLD) return "";
  return decision.has_retry_after()
             ? absl::StrCat("It is worth asking again, with the same key, after ",
                            TextOf(decision.retry_after()), ".")
             : "An operator must look: `fundctl hold show` and `fundctl breaker list`.";
}

}  // namespace

std::string Explain(const v1::Trace& trace) {
  const v1::Decision& decision = trace.decision();
  std::string text = absl::StrCat(Word(decision.verdict()), ": the ", Movement(AskedOf(trace)), " ",
                                  Meaning(decision), ".\n");
  absl::StrAppend(&text, "Judged at ", TextOf(trace.time()), " as record ", trace.sequence(),
                  " of the journal by policy version ", decision.policy_version(), ", decision ",
                  decision.decision_id(), ".\n");
  if (trace.has_report_allowed()) {
    const v1::ReportAllowedRequest& report = trace.report_allowed();
    absl::StrAppend(&text, report.holder(), " had allowed it by its lease ", report.lease_id(),
                    " at ", TextOf(report.allowed_at()),
                    " without the gate, and told it afterwards.\n");
  }
  if (decision.replayed()) {
    absl::StrAppend(&text,
                    "The movement had been allowed already: that decision was given again.\n");
  }
  if (!decision.first_decision_id().empty()) {
    absl::StrAppend(&text, "Its key was decided first by ", decision.first_decision_id(),
                    ": `fundctl trace explain ", decision.first_decision_id(), "`.\n");
  }
  AppendReasons(trace, text);
  AppendShadows(trace, text);
  if (!decision.sources().empty()) absl::StrAppend(&text, "\nIt rests on what sources said:\n");
  AppendSources(trace, text);
  const std::string outlook = Outlook(decision);
  if (!outlook.empty()) absl::StrAppend(&text, "\n", outlook, "\n");
  if (trace.masked()) absl::StrAppend(&text, "\nMasked: ", kMaskedSentence, ".\n");
  return text;
}

}  // namespace fundgate::fundctl
