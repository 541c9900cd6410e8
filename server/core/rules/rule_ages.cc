#include "server/core/rules/rule_ages.h"

#include <string>
#include <utility>
#include <vector>

namespace fundgate::core {

void NoteRuleAges(Draft& draft, const Policy* before, const Policy& next, uint64_t version) {
  for (const auto& [on, rule] : next.AllRules()) {
    const RuleStatistics* known = draft.Find<RulesSeen>(rule->name);
    const bool is_new = known == nullptr || known->added_version == 0;
    if (!is_new && known->meaning == rule->meaning) continue;
    RuleStatistics& statistics = draft.Mutable<RulesSeen>(rule->name);
    if (is_new) {
      statistics.added_version = version;
      statistics.added_at = draft.now();
    }
    statistics.changed_version = version;
    statistics.changed_at = draft.now();
    statistics.meaning = rule->meaning;
  }
  if (before == nullptr) return;
  for (const auto& [on, rule] : before->AllRules()) {
    if (next.FindRule(rule->name) == nullptr) draft.Erase<RulesSeen>(rule->name);
  }
}

}  // namespace fundgate::core
