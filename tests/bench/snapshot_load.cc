// A large table that is read anew while it is written: how long it takes, what it costs, and
// whether the books are what the table says. Starts a MariaDB, a gate and a sidecar of its own.
//
//   snapshot_load [ROWS] [ROWS_PER_SECOND]      200000 rows, as fast as may be, by default
//
// Ends with 1 if a sum differs.
#include <grpcpp/grpcpp.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/sidecar/sources/mariadb/mariadb_session.h"
#include "tests/end_to_end/sidecar_world.h"
#include "tests/places/places.h"

namespace fundgate::end_to_end {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kOrders = 1000;
constexpr int64_t kRowsOfInsert = 100'000;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Payments come, change and go, until it is told to stop.
void DoBusiness(uint16_t port, int64_t rows, const std::atomic<bool>& stopped,
                std::atomic<uint64_t>& statements) {
  const auto session = sources::MariadbSession::Connect({"127.0.0.1", port}, {.user = "app"});
  if (!session.ok()) std::cerr << session.status() << "\n";
  for (int64_t i = 0; session.ok() && !stopped; ++i) {
    for (const std::string& sql :
         {absl::StrCat("INSERT INTO pay.payment VALUES ('b", i, "', 'm1', 'o", i % kOrders,
                       "', 3.00, 'SUCCESS')"),
          absl::StrCat("UPDATE pay.payment SET amount = amount + 1 WHERE payment_no = 'p",
                       i * 7919 % rows, "'"),
          absl::StrCat("DELETE FROM pay.payment WHERE payment_no = 'p", i * 104'729 % rows, "'")}) {
      if ((*session)->Query(sql).ok()) ++statements;
    }
  }
}

bool BooksAreTheTable(SidecarWorld& world) {
  world.AwaitApplied();
  const auto sums = world.database().Query(
      "SELECT order_no, CAST(SUM(amount) * 100 AS SIGNED) FROM pay.payment GROUP BY order_no");
  int wrong = 0;
  for (const auto& row : *sums) {
    if (absl::StrCat(world.Posted(row[0].value_or(""), "paid")) != row[1].value_or("")) ++wrong;
  }
  std::cout << sums->size() << " orders compared, " << wrong << " differ\n";
  return wrong == 0 && !sums->empty();
}

int Run(int64_t rows, const std::string& rows_per_second) {
  WorldSettings settings = WorkedExample();
  // Only the table that is read.
  settings.policy_file = places::Source("tests/bench/snapshot_policy.yaml");
  SidecarWorld world(settings);
  world.database().Execute("GRANT SELECT ON pay.* TO fundgate@'127.0.0.1'");
  for (int64_t from = 0; from < rows; from += kRowsOfInsert) {
    world.database().Execute(
        absl::StrCat("INSERT INTO pay.payment SELECT CONCAT('p', seq), 'm1', CONCAT('o', seq MOD ",
                     kOrders, "), 1.00 + seq MOD 100, 'SUCCESS' FROM pay.seq_", from, "_to_",
                     std::min(rows, from + kRowsOfInsert) - 1));
  }
  world.database().Execute("RESET MASTER");
  std::atomic<bool> stopped = false;
  std::atomic<uint64_t> statements = 0;
  std::thread business([&] { DoBusiness(world.database().port(), rows, stopped, statements); });
  const Clock::time_point start = Clock::now();
  world.StartSidecar({"--snapshot-rows", rows_per_second});
  v1::Snapshot run;
  const auto is_over = [&world, &run] {
    run = world.Source().snapshot();
    return run.state() == v1::SNAPSHOT_STATE_DONE || run.state() == v1::SNAPSHOT_STATE_FAILED;
  };
  double read_after = 0;
  while (!is_over()) {
    if (read_after == 0 && run.state() == v1::SNAPSHOT_STATE_SWEEPING) {
      read_after = SecondsSince(start);
    }
    ::poll(nullptr, 0, 50);
  }
  const double seconds = SecondsSince(start);
  if (read_after == 0) read_after = seconds;
  stopped = true;
  business.join();
  std::cout << absl::StreamFormat(
      "%d rows in %.1f s (%.0f/s), swept after %.1f s; %d statements meanwhile; memory at most: "
      "sidecar %d MiB, gate %d MiB\n",
      run.rows(), read_after, static_cast<double>(run.rows()) / read_after, seconds,
      statements.load(), PeakMemoryMib(world.sidecar_process().id()),
      PeakMemoryMib(world.gate_process().id()));
  if (!run.problem().empty()) std::cout << run.problem() << "\n";
  return BooksAreTheTable(world) ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace fundgate::end_to_end

int main(int argc, char** argv) {
  int64_t rows = 200'000;
  if (argc > 1 && (!absl::SimpleAtoi(argv[1], &rows) || rows < 1)) {
    std::cerr << "snapshot_load [ROWS] [ROWS_PER_SECOND]\n";
    return 2;
  }
  return fundgate::end_to_end::Run(rows, argc > 2 ? argv[2] : "0");
}
