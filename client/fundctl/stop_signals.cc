#include "client/fundctl/stop_signals.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace fundgate::fundctl {
namespace {

// A byte in it wakes up whoever waits, on whichever thread the signal came. -1: no pipe, and
// signals end the process as ever.
int wake_pipe[2] = {-1, -1};

void WakeUp(int /*signal*/) {
  const int former_errno = errno;
  const char byte = 0;
  (void)!::write(wake_pipe[1], &byte, 1);
  errno = former_errno;
}

}  // namespace

StopSignals::StopSignals() {
  if (::pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
    wake_pipe[0] = -1;
    return;
  }
  struct sigaction action = {};
  action.sa_handler = WakeUp;
  (void)::sigaction(SIGINT, &action, &former_int_);
  (void)::sigaction(SIGTERM, &action, &former_term_);
}

StopSignals::~StopSignals() {
  if (wake_pipe[0] < 0) return;
  (void)::sigaction(SIGINT, &former_int_, nullptr);
  (void)::sigaction(SIGTERM, &former_term_, nullptr);
  (void)::close(wake_pipe[0]);
  (void)::close(wake_pipe[1]);
  wake_pipe[0] = wake_pipe[1] = -1;
}

Wake StopSignals::Wait(int input, double seconds) const {
  // poll passes over descriptors below 0. The byte stays in the pipe, so that a stop stays one.
  pollfd waiting[2] = {{wake_pipe[0], POLLIN, 0}, {input, POLLIN, 0}};
  if (::poll(waiting, 2, static_cast<int>(seconds * 1000)) <= 0) return Wake::kBeat;
  return waiting[0].revents != 0 ? Wake::kStop : Wake::kInput;
}

}  // namespace fundgate::fundctl
