#include "client/fundctl/trace_text.h"

#include <algorithm>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/fundctl/asked.h"
#include "client/fundctl/explanation.h"
#include "client/fundctl/output.h"

namespace fundgate::fundctl {
namespace {

std::string CheckText(const Context& context, const v1::Trace& trace) {
  const v1::Decision& decision = trace.decision();
  std::string text =
      absl::StrCat(decision.decision_id(), "  ", decision.checkpoint(), " ",
                   decision.idempotency_key(), "  ", TextOf(AskedOf(trace).amount()), "  ",
                   Painted(context, decision.verdict()), decision.replayed() ? " (replayed)" : "");
  for (const v1::Reason& reason : decision.reasons()) absl::StrAppend(&text, "  ", NameOf(reason));
  return text;
}

std::string ReservationText(const v1::Reservation& reservation) {
  return absl::StrCat(
      reservation.checkpoint(), " ", reservation.idempotency_key(), "  ",
      TextOf(reservation.amount()), "  ",
      WithoutPrefix(v1::ReservationState_Name(reservation.state()), "RESERVATION_STATE_"));
}

std::string IngestText(const v1::IngestSummary& ingest) {
  std::string text = absl::StrCat(ingest.source(), " at ", ingest.position());
  const std::pair<uint32_t, const char*> counts[] = {
      {ingest.events(), "event"}, {ingest.gaps(), "gap"}, {ingest.violations(), "violation"}};
  for (const auto& [count, what] : counts) {
    if (count > 0) absl::StrAppend(&text, "  ", count, " ", what, count == 1 ? "" : "s");
  }
  if (ingest.has_probe()) absl::StrAppend(&text, "  head ", ingest.probe().head_position());
  return text;
}

std::string BreakerText(const v1::Breaker& breaker) {
  return absl::StrCat(breaker.scope(), "  ",
                      WithoutPrefix(v1::BreakerState_Name(breaker.state()), "BREAKER_STATE_"),
                      "  by ", breaker.actor(), ": ", breaker.reason());
}

// What the record is about, and what came of it.
std::string SummaryOf(const Context& context, const v1::Trace& trace) {
  switch (trace.kind()) {
    case v1::TRACE_KIND_CHECK:
      return CheckText(context, trace);
    case v1::TRACE_KIND_CONFIRM:
    case v1::TRACE_KIND_RELEASE:
      return trace.has_reservation() ? ReservationText(trace.reservation()) : "";
    case v1::TRACE_KIND_INGEST:
      return IngestText(trace.ingest());
    case v1::TRACE_KIND_EPOCH:
      return absl::StrCat(trace.epoch().source(), " epoch ", trace.epoch().epoch());
    case v1::TRACE_KIND_BREAKER:
      return trace.has_breaker() ? BreakerText(trace.breaker()) : "";
    case v1::TRACE_KIND_POLICY:
      return absl::StrCat("version ", trace.policy().version(), " by ", trace.policy().actor(),
                          ": ", trace.policy().comment());
    default:
      return "";
  }
}

std::string LineText(const v1::Line& line) {
  std::vector<std::string> parts;
  for (const auto& [name, amount] : line.parts()) {
    parts.push_back(absl::StrCat(name, " ", TextOf(amount)));
  }
  std::sort(parts.begin(), parts.end());
  return absl::StrCat(line.order_id(), "  ", TextOf(line.amount()), "  ",
                      absl::StrJoin(parts, ", "));
}

}  // namespace

void PrintTraceLine(Context& context, const v1::Trace& trace) {
  context.out << trace.sequence() << "  " << TextOf(trace.time()) << "  "
              << WithoutPrefix(v1::TraceKind_Name(trace.kind()), "TRACE_KIND_");
  const std::string summary = SummaryOf(context, trace);
  if (!summary.empty()) context.out << "  " << summary;
  if (!trace.refused().empty()) context.out << "  refused: " << trace.refused();
  if (trace.masked()) context.out << "  (masked)";
  context.out << "\n" << std::flush;
}

void PrintCheckTrace(Context& context, const v1::Trace& trace) {
  const v1::CheckRequest& asked = AskedOf(trace);
  context.out << asked.checkpoint() << " " << asked.idempotency_key() << "  "
              << TextOf(asked.amount()) << "\n";
  std::vector<std::pair<std::string, std::string>> pairs = {{"  account", asked.account_id()},
                                                            {"  order", asked.order_id()}};
  for (const v1::Line& line : asked.lines()) pairs.emplace_back("  line", LineText(line));
  pairs.emplace_back("  asked at", TextOf(trace.time()));
  pairs.emplace_back("  journal", absl::StrCat("record ", trace.sequence(), ", logic version ",
                                               trace.logic_version(), ", hash ",
                                               absl::BytesToHexString(trace.hash())));
  for (const v1::SourceFreshness& source : trace.decision().sources()) {
    pairs.emplace_back(
        "  rests on",
        absl::StrCat(source.name(), " at ", source.position(),
                     source.has_as_of() ? absl::StrCat(", proven past ", TextOf(source.as_of()))
                                        : ", which isn't proven"));
  }
  if (trace.masked()) pairs.emplace_back("  masked", kMaskedSentence);
  PrintPairs(context, pairs);
  PrintDecision(context, trace.decision());
}

}  // namespace fundgate::fundctl
