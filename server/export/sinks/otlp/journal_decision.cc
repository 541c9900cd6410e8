#include "server/export/sinks/otlp/journal_decision.h"

#include <variant>

#include "connection/trace_context.h"

namespace fundgate::exporting {
namespace {

const core::CheckInput* AskedOf(const core::Input& input) {
  if (const auto* report = std::get_if<core::ReportLeaseInput>(&input.body)) return &report->check;
  return std::get_if<core::CheckInput>(&input.body);
}

std::string TraceparentOf(const core::CheckInput& check) {
  const auto found = check.attributes.find(connection::kTraceparent);
  if (found == check.attributes.end()) return "";
  const auto* text = std::get_if<std::string>(&found->second);
  return text != nullptr ? *text : "";
}

}  // namespace

std::optional<otlp::DecisionFacts> DecisionOf(
    const store::JournalEntry& entry,
    const std::function<std::string(const std::string& name)>& shown) {
  const core::CheckInput* check = AskedOf(entry.input);
  const auto* decision = std::get_if<core::Decision>(&entry.answer);
  if (check == nullptr || decision == nullptr) return std::nullopt;
  otlp::DecisionFacts facts;
  facts.sequence = entry.sequence;
  facts.hash = entry.hash;
  facts.decision_id = decision->id;
  facts.checkpoint = check->key.kind.value();
  facts.verdict = std::string(core::ToString(decision->verdict));
  facts.request_id = check->request_id;
  facts.traceparent = TraceparentOf(*check);
  // What a lease allowed was not waited for here.
  const bool asked = std::holds_alternative<core::CheckInput>(entry.input.body);
  facts.arrived_at = asked ? check->arrived_at : entry.input.time;
  facts.decided_at = entry.input.time;
  facts.policy_version = decision->policy_version;
  facts.replayed = decision->replayed;
  for (const core::Reason& reason : decision->reasons) {
    facts.reasons.push_back({std::string(core::ToString(reason.code)),
                             shown ? shown(reason.name) : reason.name,
                             std::string(core::ToString(reason.verdict))});
  }
  return facts;
}

}  // namespace fundgate::exporting
