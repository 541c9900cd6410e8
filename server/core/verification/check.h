// A check between events: what a kind of them must do. A kind is a file pair beside this one and a
// line where the policy's section is compiled.
#ifndef SERVER_CORE_VERIFICATION_CHECK_H_
#define SERVER_CORE_VERIFICATION_CHECK_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "server/core/draft.h"
#include "server/core/events.h"
#include "server/core/policy.h"
#include "server/core/verification/watch.h"

namespace fundgate::core {

// An event, and the source that reported it.
struct SeenEvent {
  const SourceName& source;
  const Event& event;
};

// One check of the policy. Immutable, like the policy that it is part of.
//
// What comes late, twice or out of order must raise nothing: a check that needs to know that
// nothing more is on its way gives its watch a turn, and is called once every one of its sources is
// proven past it.
class EventCheck {
 public:
  struct Declaration {
    // "matches.order_vs_payment@5f2e": section, name and a hash of what it says, so that what was
    // remembered under another meaning is not taken for its own.
    std::string id;
    std::string name;
    OnEvent reaction = OnEvent::kAlert;
    std::string owner;                // empty: nobody
    std::vector<std::string> events;  // names of the movements and facts it is about; sorted
    std::vector<SourceName> sources;  // who may report them; sorted
  };

  explicit EventCheck(Declaration declaration) : declaration_(std::move(declaration)) {}
  EventCheck(const EventCheck&) = delete;
  EventCheck& operator=(const EventCheck&) = delete;
  virtual ~EventCheck() = default;

  const Declaration& declaration() const { return declaration_; }

  // One of its events happened.
  virtual void See(Draft& draft, const SeenEvent& seen) const = 0;

  // The watch's turn has come: every source is proven past it. The turn is taken; `watch` has none.
  virtual void Judge(Draft& draft, const WatchId& id, Watch& watch) const = 0;

 protected:
  WatchId IdOf(std::string key) const { return {declaration_.id, std::move(key)}; }

 private:
  const Declaration declaration_;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_VERIFICATION_CHECK_H_
