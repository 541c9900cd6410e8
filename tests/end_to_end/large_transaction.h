// A transaction that is larger than the memory of who follows it: for a test and for figures.
#ifndef TESTS_END_TO_END_LARGE_TRANSACTION_H_
#define TESTS_END_TO_END_LARGE_TRANSACTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/end_to_end/sidecar_world.h"

namespace fundgate::end_to_end {

// A world whose payments have a text that no policy reads, beside what one does. The sidecar may
// have so much memory; 0: as much as it likes.
WorldSettings LargeTransactionWorld(int64_t sidecar_memory_mib);

struct LargeTransaction {
  int64_t rows = 0;
  int64_t bytes_of_text = 0;  // in each row
};

// How it went.
struct LargeTransactionReport {
  int64_t binlog_mib = 0;       // that it wrote
  double written_after = 0;     // seconds until COMMIT returned
  double applied_after = 0;     // seconds from there until the gate had applied all of it
  int64_t before_mib = 0;       // the sidecar's peak memory before
  int64_t sidecar_mib = 0;      // and after it
  int64_t gate_before_mib = 0;  // the gate's
  int64_t gate_mib = 0;
  int64_t held = 0;      // checks that were asked while it was applied, and held
  int64_t answered = 0;  // and answered otherwise
  bool books_are_the_table = false;
};

// Writes it, follows it, and asks for refunds of an order all the while that it is applied.
LargeTransactionReport RunLargeTransaction(SidecarWorld& world, const LargeTransaction& size);

}  // namespace fundgate::end_to_end

#endif  // TESTS_END_TO_END_LARGE_TRANSACTION_H_
