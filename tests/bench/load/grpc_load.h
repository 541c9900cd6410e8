// Load over gRPC, on Fundgate or on the bare echo that answers as it does.
#ifndef TESTS_BENCH_LOAD_GRPC_LOAD_H_
#define TESTS_BENCH_LOAD_GRPC_LOAD_H_

#include "tests/bench/load/plan.h"

namespace fundgate::bench {

// Unary calls of Check.
Result LoadChecks(const Plan& plan);

// Calls of BatchCheck; a latency is a batch's.
Result LoadBatches(const Plan& plan);

// One StreamChecks a thread, with so many checks unanswered on it. Closed loop only.
Result LoadStreams(const Plan& plan);

}  // namespace fundgate::bench

#endif  // TESTS_BENCH_LOAD_GRPC_LOAD_H_
