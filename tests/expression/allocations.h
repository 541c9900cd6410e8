// Counts what the test binary allocates: linking allocations.cc replaces operator new.
#ifndef TESTS_EXPRESSION_ALLOCATIONS_H_
#define TESTS_EXPRESSION_ALLOCATIONS_H_

namespace fundgate::expression {

// Calls of operator new so far, by all threads.
long Allocations();

}  // namespace fundgate::expression

#endif  // TESTS_EXPRESSION_ALLOCATIONS_H_
