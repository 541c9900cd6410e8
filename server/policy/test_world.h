// One test's world: a machine with empty books, its sources fed by the test's steps.
#ifndef SERVER_POLICY_TEST_WORLD_H_
#define SERVER_POLICY_TEST_WORLD_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "fundgate/policy/v1/document.pb.h"
#include "server/core/decision.h"
#include "server/core/events.h"
#include "server/core/input.h"
#include "server/core/machine.h"
#include "server/core/outcome.h"
#include "server/core/records.h"
#include "server/core/state.h"
#include "server/policy/loader.h"

namespace fundgate::policy {

// Every test begins at the same moment: 2027-01-15T08:00:00Z.
inline constexpr int64_t kTestStartSeconds = 1'800'000'000;

// Errors are what the machine refused, as sentences.
class TestWorld {
 public:
  // `loaded` must outlive it. `proven`: its sources are up to date at every moment.
  TestWorld(const LoadedPolicy& loaded, bool proven)
      : document_(loaded.document), policy_(loaded.policy), proven_(proven) {}
  TestWorld(const TestWorld&) = delete;
  TestWorld& operator=(const TestWorld&) = delete;

  absl::Status Start();
  absl::Status Take(const v1::Step& step);
  absl::StatusOr<core::Decision> Check(const v1::TestCheck& check);
  // Proves the sources once more, so that nothing that waits for proof is left.
  absl::Status End() { return Prove(); }

  // Those found so far.
  std::vector<core::Violation> violations() const { return state_.violations(); }

  // What spoke so far, by its path in the document: rules that were true, whether they count or not
  // ("rules.refund_burst"), invariants that denied a check or were found broken, checks between
  // events that found something ("matches.order_vs_payment"), and kinds of violations with a
  // declared reaction ("violations.ungated").
  std::set<std::string> Fired() const;

 private:
  absl::Status CheckRepeatedly(const v1::TestCheck& check);
  absl::StatusOr<core::Answer> Put(decltype(core::Input::body) body);
  void NoteFired(const core::Outcome& outcome);

  // The decision that the step's key has now.
  absl::StatusOr<std::string> DecisionOf(const core::KeyId& key) const;
  static core::KeyId KeyOf(const v1::TestKey& key);
  absl::Status Confirm(const v1::TestKey& key);
  absl::Status Release(const v1::TestKey& key);
  absl::Status Trip(const v1::TestBreaker& breaker);
  absl::Status HalfOpen(const v1::TestTrial& trial);
  absl::Status Reset(const std::string& scope);
  absl::Status RunPlan(const std::string& plan);
  absl::Status UndoPlan(const std::string& plan);
  // Gives a command of one person, and of another if the first one's waits for that.
  template <typename Command>
  absl::Status ByAsManyAsItTakes(Command command);

  core::IngestInput Batch(const core::SourceDefinition& definition) const;
  absl::Status Feed(const std::string& kind, const v1::TestEvent& event);
  absl::Status FeedFact(const std::string& name, const v1::TestFact& fact);
  absl::Status FeedGuarded(const std::string& name, const v1::TestGuarded& change);
  // The source's next transaction, of one event.
  absl::Status Send(const core::SourceDefinition& source, decltype(core::Event::body) body,
                    const v1::TestOrigin& origin);
  // Every source's head was read just now and is applied.
  absl::Status Prove();

  const v1::Document& document_;
  const std::shared_ptr<const core::Policy> policy_;
  const bool proven_;
  core::MemoryState state_;
  core::Machine machine_{state_};
  absl::Time now_ = absl::FromUnixSeconds(kTestStartSeconds);
  uint64_t events_ = 0;
  std::set<std::string> fired_;  // all but rules
};

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_TEST_WORLD_H_
