// Load over gRPC, on Fundgate or on the bare echo that answers as it does.
#ifndef TESTS_BENCH_LOAD_GRPC_LOAD_H_
#define TESTS_BENCH_LOAD_GRPC_LOAD_H_

#include "tests/bench/load/plan.h"

namespace fundgate::bench {

// Unary calls of Check. A closed loop makes them as any service does, with a gRPC client; an open
// loop is LoadOpenly.
Result LoadChecks(const Plan& plan);

// The open loop of unary calls of Check, by a client that takes little of the processor
// (Http2Calls).
Result LoadOpenly(const Plan& plan);

// Calls of BatchCheck; a latency is a batch's. Closed loop only.
Result LoadBatches(const Plan& plan);

// One StreamChecks a thread, with so many checks unanswered on it. Closed loop only.
Result LoadStreams(const Plan& plan);

}  // namespace fundgate::bench

#endif  // TESTS_BENCH_LOAD_GRPC_LOAD_H_
