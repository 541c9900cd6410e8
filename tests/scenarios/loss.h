// Losses written as data: what is done, and where the gate must catch it.
#ifndef TESTS_SCENARIOS_LOSS_H_
#define TESTS_SCENARIOS_LOSS_H_

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "fundgate/v1/check.pb.h"

namespace fundgate::scenarios {

// One transaction of statements, by the application (whose sessions say so) or by somebody else.
struct Write {
  std::vector<std::string> statements;
  bool by_hand = false;
};

// A check, and the answer that the scenario needs to go on. Everything committed before it is known
// to the gate when it is asked.
struct Ask {
  v1::CheckRequest request;
  std::string verdict = "ALLOW";
};

// A Confirm or a Release of the newest decision for a key.
struct Tell {
  std::string key;
  bool moved = false;
};

// A hold that an operator refuses.
struct Reject {
  std::string key;
};

// Nothing is done until a violation of that kind is found.
struct AwaitKind {
  std::string kind;
};

using Step = std::variant<Write, Ask, Tell, Reject, AwaitKind>;

// Where a loss is caught.
enum class Place {
  kCheck,     // the last check's answer keeps the money in
  kEvent,     // the event shows it
  kDeadline,  // nothing shows it but that something hasn't come in time
  kNowhere,   // it is no loss, and nothing may be found
};

struct Loss {
  std::string name;
  std::string type;  // one of LossTypes()
  std::vector<Step> steps;
  Place place = Place::kNowhere;
  // Of kCheck: the last check's answer, and the name or code of one of its reasons.
  std::string verdict;
  std::string reason;
  // All violations of the scenario's accounts, each as "KIND" or "KIND NAME", sorted. Repeated ones
  // stand as often as they are found.
  std::vector<std::string> violations;
  // An OPEN breaker that must have come of it; empty if none.
  std::string breaker;
  std::vector<std::string> accounts;

  // Whether it takes time, which tests make short.
  bool takes_time() const;
};

// What a loss can come of: the right input but the wrong output, two systems that disagree, the
// same thing done twice, something that never came out, a change by hand.
const std::vector<std::string>& LossTypes();

// Reads a file of losses. In its texts, "~" stands for what makes a scenario's own names: ~m is its
// merchant, ~o1 an order. Errors name the scenario and what is wrong in it.
absl::StatusOr<std::vector<Loss>> ReadLosses(const std::string& path);

}  // namespace fundgate::scenarios

#endif  // TESTS_SCENARIOS_LOSS_H_
