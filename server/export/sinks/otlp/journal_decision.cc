#include "server/export/sinks/otlp/journal_decision.h"

#include <variant>

namespace fundgate::exporting {
namespace {

std::string TraceparentOf(const core::CheckInput& check) {
  const auto found = check.attributes.find(otlp::kTraceparent);
  if (found == check.attributes.end()) return "";
  const auto* text = std::get_if<std::string>(&found->second);
  return text != nullptr ? *text : "";
}

}  // namespace

std::optional<otlp::DecisionFacts> DecisionOf(
    const store::JournalEntry& entry,
    const std::function<std::string(const std::string& name)>& shown) {
  const auto* check = std::get_if<core::CheckInput>(&entry.input.body);
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
  facts.arrived_at = check->arrived_at;
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
