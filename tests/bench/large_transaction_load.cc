// One transaction that is larger than the sidecar's memory: how long it takes, and what it costs.
// Starts a MariaDB, a gate and a sidecar of its own.
//
//   large_transaction_load [MIB] [ROWS] [SIDECAR_MIB]      2048 MiB in 1000000 rows, 256 by default
//
// Ends with 1 if the books are not what the table says, or a check was judged by half of it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "tests/end_to_end/large_transaction.h"

namespace fundgate::end_to_end {
namespace {

// What a row takes in the binlog beside its text.
constexpr int64_t kRowBytes = 50;

int Run(int64_t mib, int64_t rows, int64_t sidecar_mib) {
  SidecarWorld world(LargeTransactionWorld(sidecar_mib));
  const int64_t text = std::max<int64_t>((mib << 20) / rows - kRowBytes, 0);
  const LargeTransactionReport report = RunLargeTransaction(world, {rows / 100 * 100, text});
  std::cout << absl::StreamFormat(
      "%d rows, %d MiB of binlog, sidecar limited to %d MiB\n"
      "written in %.1f s, applied %.1f s after COMMIT\n"
      "memory at most: sidecar %d MiB (%d before), gate %d MiB (%d before)\n"
      "checks meanwhile: %d held, %d answered otherwise\n"
      "books %s the table\n",
      rows / 100 * 100, report.binlog_mib, sidecar_mib, report.written_after, report.applied_after,
      report.sidecar_mib, report.before_mib, report.gate_mib, report.gate_before_mib, report.held,
      report.answered, report.books_are_the_table ? "are" : "are NOT");
  return report.books_are_the_table && report.answered == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace fundgate::end_to_end

int main(int argc, char** argv) {
  std::array<int64_t, 3> numbers = {2048, 1'000'000, 256};
  for (int i = 1; i < argc; ++i) {
    const bool fits = static_cast<size_t>(i) <= numbers.size();
    if (!fits || !absl::SimpleAtoi(argv[i], &numbers[static_cast<size_t>(i) - 1]) ||
        numbers[static_cast<size_t>(i) - 1] < 1) {
      std::cerr << "large_transaction_load [MIB] [ROWS] [SIDECAR_MIB]\n";
      return 2;
    }
  }
  return fundgate::end_to_end::Run(numbers[0], numbers[1], numbers[2]);
}
