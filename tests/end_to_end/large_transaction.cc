#include "tests/end_to_end/large_transaction.h"

#include <poll.h>

#include <chrono>
#include <filesystem>

#include "absl/strings/str_cat.h"

namespace fundgate::end_to_end {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kOrders = 100;
constexpr int kPauseMs = 20;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

int64_t BinlogBytes(SidecarWorld& world) {
  int64_t bytes = 0;
  for (const std::string& file : world.database().BinlogFiles()) {
    bytes += static_cast<int64_t>(std::filesystem::file_size(file));
  }
  return bytes;
}

// So that each order has as many rows.
int64_t RowsOfOrder(const LargeTransaction& size) { return size.rows / kOrders; }

bool BooksAreTheTable(SidecarWorld& world, const LargeTransaction& size) {
  for (int order = 0; order < kOrders; ++order) {
    if (world.Posted(absl::StrCat("o", order), "paid") != RowsOfOrder(size) * 100) return false;
  }
  return true;
}

}  // namespace

WorldSettings LargeTransactionWorld(int64_t sidecar_memory_mib) {
  WorldSettings settings = WorkedExample({"--innodb-log-file-size=512M"});
  settings.tables[0] =
      "CREATE TABLE pay.payment (payment_no VARCHAR(64) PRIMARY KEY, merchant_id VARCHAR(64), "
      "order_no VARCHAR(64), amount DECIMAL(18,2), status VARCHAR(16), note TEXT)";
  if (sidecar_memory_mib > 0) {
    // Of what it writes to: stacks of threads count in full, so these are made smaller.
    settings.sidecar_launcher = {
        "/bin/sh", "-c",
        absl::StrCat("ulimit -s 1024 && ulimit -d ", sidecar_memory_mib * 1024, " && exec \"$@\""),
        "sh"};
  }
  return settings;
}

LargeTransactionReport RunLargeTransaction(SidecarWorld& world, const LargeTransaction& size) {
  LargeTransactionReport report;
  world.StartSidecar();
  world.database().Execute(
      "INSERT INTO pay.payment VALUES ('first', 'm1', 'first', 100.00, 'SUCCESS', '')");
  world.AwaitApplied();
  report.before_mib = PeakMemoryMib(world.sidecar_process().id());
  report.gate_before_mib = PeakMemoryMib(world.gate_process().id());
  const int64_t binlog_before = BinlogBytes(world);
  const Clock::time_point begun = Clock::now();
  world.database().Execute(absl::StrCat(
      "INSERT INTO pay.payment SELECT CONCAT('p', seq), 'm1', CONCAT('o', seq % ", kOrders,
      "), 1.00, 'SUCCESS', REPEAT('x', ", size.bytes_of_text, ") FROM pay.seq_1_to_", size.rows));
  report.written_after = SecondsSince(begun);
  report.binlog_mib = (BinlogBytes(world) - binlog_before) >> 20;
  const Clock::time_point committed = Clock::now();
  // Of an order that the transaction doesn't touch: what is known of it could be proven, but not of
  // its source.
  const std::string head = world.Head();
  const auto newest = [&world] {
    const std::string position = world.Source().position();
    return position.substr(0, position.find(','));
  };
  for (int asked = 0; newest() != head; ++asked) {
    const bool is_within = world.Source().position().find("rows.") != std::string::npos;
    const v1::Decision decision = world.AskRefund(absl::StrCat("r", asked), "first", 1);
    if (!is_within || newest() == head) continue;
    ++(decision.verdict() == v1::VERDICT_HOLD ? report.held : report.answered);
    ::poll(nullptr, 0, kPauseMs);
  }
  report.applied_after = SecondsSince(committed);
  world.AwaitApplied();
  report.sidecar_mib = PeakMemoryMib(world.sidecar_process().id());
  report.gate_mib = PeakMemoryMib(world.gate_process().id());
  report.books_are_the_table = BooksAreTheTable(world, size);
  return report;
}

}  // namespace fundgate::end_to_end
