// The rules of the present policy and how they are doing, for operators.
#ifndef SERVER_GATE_RULE_LIST_H_
#define SERVER_GATE_RULE_LIST_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "fundgate/v1/policies.pb.h"
#include "server/core/policy.h"
#include "server/core/records.h"
#include "server/core/rules/statistics.h"
#include "server/sequencer/mutex.h"
#include "server/store/view.h"

namespace fundgate::gate {

// How many tests of a policy make each of its rules true. Any thread.
class RuleTests {
 public:
  using Counts = std::map<std::string, int32_t>;  // by the rule's name

  // Runs the tests of the policy the first time that its version is asked for; may take as long as
  // applying it did.
  std::shared_ptr<const Counts> Of(const core::PolicyRecord& policy);

 private:
  sequencer::Mutex mutex_;
  uint64_t version_ FUNDGATE_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<const Counts> counts_ FUNDGATE_GUARDED_BY(mutex_);
};

// A rule that was neither true nor changed for this long is stale, unless the caller says
// otherwise.
inline constexpr absl::Duration kStaleAfterDefault = absl::Hours(24 * 30);
inline constexpr absl::Duration kStaleAfterMax = absl::Hours(24 * 3650);

// What a rule's condition depends on.
struct RuleNow {
  absl::Time time;  // the gate's
  absl::Duration stale_after = kStaleAfterDefault;
};

// `on` is what it looks at, see Policy::AllRules(). Without its tests.
v1::Rule ToProto(const std::string& on, const core::RuleDefinition& rule,
                 const core::RuleStatistics& statistics, const RuleNow& now);

// All rules, or the one of this name. NOT_FOUND if it isn't there, or if there is no policy.
absl::StatusOr<v1::ListRulesResponse> ListRules(const store::View& view, const std::string& name,
                                                const RuleNow& now, RuleTests& tests);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_RULE_LIST_H_
