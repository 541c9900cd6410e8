// How many of gRPC's threads read calls from connections.
#ifndef SERVER_GATE_POLLERS_H_
#define SERVER_GATE_POLLERS_H_

#include "absl/status/status.h"

namespace fundgate::gate {

// gRPC 1.51 has as many threads for a process's callbacks as half of the machine's cores, at least
// 2 and at most 16 (src/cpp/common/completion_queue_cc.cc). They take turns at polling all
// connections, and who has something to handle wakes another one to poll meanwhile
// (src/core/lib/iomgr/ev_epoll1_linux.cc): where cores are few nearly every call costs changes of
// thread that a single poller is spared.

// Leaves gRPC so many of them, and keeps the others waiting until the process ends. 0: one for
// every four cores that the process may use. Once in a process, before it serves; handlers must
// not wait for each other then. UNAVAILABLE if gRPC isn't as described: it keeps all of them.
absl::Status LimitPollers(int count);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_POLLERS_H_
