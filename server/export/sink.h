// Somebody who is told of alerts.
#ifndef SERVER_EXPORT_SINK_H_
#define SERVER_EXPORT_SINK_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "fundgate/v1/alerts.pb.h"

namespace fundgate::exporting {

// Each has a thread of its own that calls it.
class Sink {
 public:
  virtual ~Sink() = default;

  // What it is called in messages and in `fundctl alert list`. A sink for calls has the name of its
  // endpoint.
  virtual const std::string& name() const = 0;

  // True if it takes calls of that endpoint; false: it takes what is told of groups.
  virtual bool takes_calls() const { return false; }

  // Tells of one alert; may block until its own timeout. OK once it was taken. UNAVAILABLE: nobody
  // answers there; what else waits is not tried now. Any other error: this one was refused; the
  // others are tried.
  virtual absl::Status Tell(const v1::Alert& alert) = 0;

  // How often it is told of all open groups again, for receivers that forget; zero: never.
  virtual absl::Duration repeat_every() const { return absl::ZeroDuration(); }

  // Makes a call that blocks return soon, and all later ones fail. From any thread.
  virtual void Cancel() {}
};

}  // namespace fundgate::exporting

#endif  // SERVER_EXPORT_SINK_H_
