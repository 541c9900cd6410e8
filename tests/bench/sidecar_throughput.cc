// How many rows a second a sidecar that is behind reads, maps and tells, until they are applied and
// durable at the gate. Starts a MariaDB, a gate (fsync) and a sidecar of its own; nothing is
// asserted but that the books are what the table says.
//
//   sidecar_throughput [ROWS] [ROWS_OF_TRANSACTION]      600000 in transactions of 20, by default
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/sidecar/sources/mariadb/mariadb_session.h"
#include "tests/bench/ingest_journal.h"
#include "tests/end_to_end/sidecar_world.h"

namespace fundgate::end_to_end {
namespace {

// As orders have it: a part paid at once, the rest later.
constexpr int64_t kRowsOfOrder = 2;
constexpr int64_t kComparedEvery = 1000;  // orders; asking for all would take longer than the run

// Payments of 1.00 each, numbered from `first`.
std::string InsertOf(int64_t first, int64_t rows) {
  return absl::StrCat("INSERT INTO pay.payment SELECT CONCAT('p', seq), 'm1', CONCAT('o', seq DIV ",
                      kRowsOfOrder, "), 1.00, 'SUCCESS' FROM pay.seq_", first, "_to_",
                      first + rows - 1);
}

bool Write(SidecarWorld& world, int64_t rows, int64_t rows_of_transaction) {
  const auto session = sources::MariadbSession::Connect({"127.0.0.1", world.database().port()},
                                                        {.user = "app", .password = ""});
  if (!session.ok()) return false;
  for (int64_t row = 0; row < rows; row += rows_of_transaction) {
    if (!(*session)->Query(InsertOf(row, rows_of_transaction)).ok()) return false;
  }
  return true;
}

int Run(int64_t rows, int64_t rows_of_transaction) {
  SidecarWorld world;
  if (!Write(world, rows, rows_of_transaction)) {
    std::cerr << "sidecar_throughput: the rows could not be written\n";
    return EXIT_FAILURE;
  }
  IngestJournal journal(world.gate_address());
  const uint64_t head = SequenceOf(world.Head());
  const double gate_before = ProcessorSeconds(world.gate_process().id());
  world.StartSidecar();
  const std::vector<Sighting> seen = journal.FollowTo(head);
  // What came before the first batch with rows was applied at an unknown time.
  const auto first = std::find_if(seen.begin(), seen.end(), [&](const Sighting& one) {
    return one.sequence + static_cast<uint64_t>(rows / rows_of_transaction) > head;
  });
  const double seconds = std::chrono::duration<double>(seen.back().at - first->at).count();
  const auto counted =
      static_cast<double>((head - first->sequence) * static_cast<uint64_t>(rows_of_transaction));
  const double events = static_cast<double>(rows) / 1e6;
  const double gate = (ProcessorSeconds(world.gate_process().id()) - gate_before) / events;
  const double sidecar = ProcessorSeconds(world.sidecar_process().id()) / events;
  world.AwaitApplied();
  bool agrees = true;
  for (int64_t order = 0; order < rows / kRowsOfOrder; order += kComparedEvery) {
    agrees = agrees && world.Posted(absl::StrCat("o", order), "paid") == kRowsOfOrder * 100;
  }
  std::cout << absl::StreamFormat(
      "%.0f events a second applied and durable (%.0f in %.2f s, transactions of %d); the books %s "
      "the table\n"
      "processor time an event: gate %.1f us, sidecar %.1f us; memory at most: gate %d MiB, "
      "sidecar "
      "%d MiB\n",
      counted / seconds, counted, seconds, rows_of_transaction, agrees ? "are" : "are NOT", gate,
      sidecar, PeakMemoryMib(world.gate_process().id()),
      PeakMemoryMib(world.sidecar_process().id()));
  return agrees ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace fundgate::end_to_end

int main(int argc, char** argv) {
  int64_t rows = 600'000;
  int64_t rows_of_transaction = 20;
  if (argc > 3 || (argc > 1 && (!absl::SimpleAtoi(argv[1], &rows) || rows < 1)) ||
      (argc > 2 && (!absl::SimpleAtoi(argv[2], &rows_of_transaction) || rows_of_transaction < 1)) ||
      rows % rows_of_transaction != 0 || rows <= rows_of_transaction) {
    std::cerr << "Usage: sidecar_throughput [ROWS] [ROWS_OF_TRANSACTION]\n"
                 "ROWS is a multiple of ROWS_OF_TRANSACTION, and more than that.\n";
    return 2;
  }
  return fundgate::end_to_end::Run(rows, rows_of_transaction);
}
