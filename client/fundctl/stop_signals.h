// Waiting that SIGINT and SIGTERM end, for verbs that stay until they are told to stop.
#ifndef CLIENT_FUNDCTL_STOP_SIGNALS_H_
#define CLIENT_FUNDCTL_STOP_SIGNALS_H_

#include <csignal>

namespace fundgate::fundctl {

enum class Wake { kStop, kInput, kBeat };

// While it lives, SIGINT and SIGTERM don't end the process but the next Wait. Only one may live at
// a time in a process; the former handlers come back in the end.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // kStop once a signal has come, for good; kInput if `input` (-1: none) can be read; else kBeat
  // after `seconds`, or earlier if something else interrupted the wait.
  Wake Wait(int input, double seconds) const;

 private:
  struct sigaction former_int_ = {};
  struct sigaction former_term_ = {};
};

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_STOP_SIGNALS_H_
