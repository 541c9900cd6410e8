#include "server/gate/rule_list.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/gate/convert_decision.h"
#include "server/gate/convert_values.h"
#include "server/gate/policy_documents.h"
#include "server/policy/loader.h"
#include "server/policy/tester.h"

namespace fundgate::gate {
namespace {

absl::Time DayOf(absl::Time time) {
  return absl::UnixEpoch() + absl::Floor(time - absl::UnixEpoch(), absl::Hours(24));
}

void SetCondition(const core::RuleStatistics& statistics, const RuleNow& now, v1::Rule& proto) {
  const absl::Time last_sign = std::max(statistics.last_hit, statistics.changed_at);
  const absl::Time since = std::max(statistics.changed_at, now.time - now.stale_after);
  if (statistics.errors > 0 && statistics.last_error >= since) {
    proto.set_condition(v1::RULE_CONDITION_BROKEN);
    proto.set_condition_reason(absl::StrCat("it could not be judged: ", statistics.error));
  } else if (now.time - last_sign > now.stale_after) {
    proto.set_condition(v1::RULE_CONDITION_STALE);
    proto.set_condition_reason(
        absl::StrCat("it was neither true nor changed since ",
                     absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", last_sign, absl::UTCTimeZone())));
  } else {
    proto.set_condition(v1::RULE_CONDITION_FINE);
  }
}

void SetStatistics(const core::RuleStatistics& statistics, const RuleNow& now, v1::Rule& proto) {
  proto.set_hits(statistics.hits);
  proto.set_shadow_hits(statistics.shadow_hits);
  if (statistics.day == DayOf(now.time)) proto.set_hits_today(statistics.hits_of_day);
  proto.set_errors(statistics.errors);
  proto.set_suppressed(statistics.suppressed);
  if (statistics.last_hit != absl::InfinitePast()) {
    *proto.mutable_last_hit() = ToProto(statistics.last_hit);
  }
  if (statistics.last_error != absl::InfinitePast()) {
    *proto.mutable_last_error() = ToProto(statistics.last_error);
  }
  proto.set_error(statistics.error);
  proto.set_added_version(statistics.added_version);
  proto.set_changed_version(statistics.changed_version);
  if (statistics.added_version == 0) return;  // counted by a version that noted no ages
  *proto.mutable_added_at() = ToProto(statistics.added_at);
  *proto.mutable_changed_at() = ToProto(statistics.changed_at);
}

}  // namespace

std::shared_ptr<const RuleTests::Counts> RuleTests::Of(const core::PolicyRecord& policy) {
  const sequencer::MutexLock lock(mutex_);
  if (counts_ != nullptr && version_ == policy.version) return counts_;
  auto counts = std::make_shared<Counts>();
  const policy::LoadResult read = policy::LoadAppliedPolicy(policy.text, kDefaultPolicyFile);
  if (read.ok()) {
    for (const policy::TestResult& result : policy::RunTests(*read.loaded)) {
      for (const std::string& path : result.fired) {
        constexpr std::string_view kFront = "rules.";
        if (path.starts_with(kFront)) ++(*counts)[path.substr(kFront.size())];
      }
    }
  }
  version_ = policy.version;
  counts_ = std::move(counts);
  return counts_;
}

v1::Rule ToProto(const std::string& on, const core::RuleDefinition& rule,
                 const core::RuleStatistics& statistics, const RuleNow& now) {
  v1::Rule proto;
  proto.set_name(rule.name);
  proto.set_on(on);
  proto.set_when(rule.when.source());
  if (rule.then != core::Verdict::kAllow) proto.set_verdict(ToProto(rule.then));
  if (rule.violation.has_value()) proto.set_violation(std::string(ToString(*rule.violation)));
  proto.set_action(rule.action);
  proto.set_mode(rule.enforced ? v1::RULE_MODE_ENFORCE : v1::RULE_MODE_SHADOW);
  proto.set_rollout_percent(rule.rollout.percent);
  proto.set_rollout_by(FieldOf(rule.rollout));
  proto.set_owner(rule.description.owner);
  if (rule.description.severity.has_value()) {
    proto.set_severity(std::string(ToString(*rule.description.severity)));
  }
  proto.set_runbook(rule.description.runbook);
  for (const auto& [name, value] : rule.description.labels) {
    (*proto.mutable_labels())[name] = value;
  }
  proto.set_cost(rule.when.cost());
  SetStatistics(statistics, now, proto);
  SetCondition(statistics, now, proto);
  return proto;
}

absl::StatusOr<v1::ListRulesResponse> ListRules(const store::View& view, const std::string& name,
                                                const RuleNow& now, RuleTests& tests) {
  const core::Resident& present = view.resident();
  if (present.policy == nullptr) return absl::NotFoundError("the gate has no policy yet");
  if (!name.empty() && present.policy->FindRule(name) == nullptr) {
    return absl::NotFoundError(absl::StrCat("the policy has no rule \"", name, "\""));
  }
  FUNDGATE_ASSIGN_OR_RETURN(const core::PolicyRecord record,
                            view.GetPolicy(present.policy_version));
  const std::shared_ptr<const RuleTests::Counts> counts = tests.Of(record);
  v1::ListRulesResponse response;
  response.set_policy_version(present.policy_version);
  for (const auto& [on, rule] : present.policy->AllRules()) {
    if (!name.empty() && rule->name != name) continue;
    FUNDGATE_ASSIGN_OR_RETURN(const std::optional<core::RuleStatistics> statistics,
                              view.Find<core::RulesSeen>(rule->name));
    v1::Rule proto = ToProto(on, *rule, statistics.value_or(core::RuleStatistics{}), now);
    const auto count = counts->find(rule->name);
    if (count != counts->end()) {
      proto.set_tests(count->second);
      *proto.mutable_tested_at() = ToProto(record.applied_at);
    }
    *response.add_rules() = std::move(proto);
  }
  return response;
}

}  // namespace fundgate::gate
