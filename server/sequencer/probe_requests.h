// Decides when feeders are asked to read their primary's head, so that many waiting checks make
// few requests.
#ifndef SERVER_SEQUENCER_PROBE_REQUESTS_H_
#define SERVER_SEQUENCER_PROBE_REQUESTS_H_

#include <functional>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"
#include "fundgate/types/ids.h"

namespace fundgate::sequencer {

// A request made at an input time is taken to prove everything before it; so one request serves
// all checks that arrived earlier, and a check that arrived later needs another one. Used by the
// writer's thread alone.
class ProbeRequests {
 public:
  // Two requests for one source are never closer than `spacing`; one that has proved nothing
  // after `retry` is made again for as long as somebody waits.
  ProbeRequests(absl::Duration spacing, absl::Duration retry) : spacing_(spacing), retry_(retry) {}

  // Somebody waits for `source` to be proven past this input time.
  void Need(const SourceName& source, absl::Time proven_past);

  // The sources to ask now: those needed and due for which `is_awaited` says that somebody still
  // waits. `now` is the input time of asking, `steady_now` the steady clock's.
  std::vector<SourceName> TakeDue(absl::Duration steady_now, absl::Time now,
                                  const std::function<bool(const SourceName&)>& is_awaited);

  // The next moment for TakeDue by the steady clock; infinite if nobody waits.
  absl::Duration next_due() const;

 private:
  struct Request {
    bool needed = false;
    absl::Time needed_past = absl::InfinitePast();
    absl::Time asked_at = absl::InfinitePast();               // input time
    absl::Duration asked_steady = -absl::InfiniteDuration();  // the same by the steady clock
  };
  absl::Duration DueAt(const Request& request) const;

  const absl::Duration spacing_;
  const absl::Duration retry_;
  absl::btree_map<SourceName, Request> requests_;  // bounded by the sources that policies name
};

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_PROBE_REQUESTS_H_
