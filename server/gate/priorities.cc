#include "server/gate/priorities.h"

#include <optional>
#include <utility>

#include "server/policy/document.h"

namespace fundgate::gate {
namespace {

using sequencer::Priority;

std::optional<Priority> ToPriority(policy::v1::Priority priority) {
  switch (priority) {
    case policy::v1::PRIORITY_HIGH:
      return Priority::kHigh;
    case policy::v1::PRIORITY_NORMAL:
      return Priority::kNormal;
    case policy::v1::PRIORITY_LOW:
      return Priority::kLow;
    default:
      return std::nullopt;
  }
}

}  // namespace

void Priorities::Read(std::string_view policy) {
  // What is in force was found sound when it was applied.
  policy::Problems problems{"policy"};
  const policy::ReadDocument read = policy::ReadPolicyDocument(policy, problems);
  auto given = std::make_shared<Table>();
  for (const auto& [name, checkpoint] : read.document.checkpoints()) {
    const std::optional<Priority> priority = ToPriority(checkpoint.priority());
    if (priority.has_value()) given->emplace(name, *priority);
  }
  const sequencer::MutexLock lock(mutex_);
  given_ = std::move(given);
}

Priority Priorities::Of(std::string_view checkpoint) const {
  std::shared_ptr<const Table> given;
  {
    const sequencer::MutexLock lock(mutex_);
    given = given_;
  }
  if (const auto found = given->find(checkpoint); found != given->end()) return found->second;
  if (checkpoint == "cash_out") return Priority::kHigh;
  return checkpoint == "refund" ? Priority::kLow : Priority::kNormal;
}

}  // namespace fundgate::gate
