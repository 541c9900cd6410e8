// Whose checks the policy wants refused first when there are too many.
#ifndef SERVER_GATE_PRIORITIES_H_
#define SERVER_GATE_PRIORITIES_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "server/sequencer/admission.h"
#include "server/sequencer/mutex.h"

namespace fundgate::gate {

// The machine knows nothing of them: no verdict depends on a priority. Any thread.
class Priorities {
 public:
  // Of the policy in force from now on, by its text.
  void Read(std::string_view policy) FUNDGATE_EXCLUDES(mutex_);

  // Of a checkpoint that the policy gives none, or doesn't know: high of cash_out, low of refund,
  // normal of any other.
  sequencer::Priority Of(std::string_view checkpoint) const FUNDGATE_EXCLUDES(mutex_);

 private:
  using Table = std::map<std::string, sequencer::Priority, std::less<>>;

  mutable sequencer::Mutex mutex_;
  std::shared_ptr<const Table> given_ FUNDGATE_GUARDED_BY(mutex_) = std::make_shared<Table>();
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_PRIORITIES_H_
