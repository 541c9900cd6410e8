// How long after COMMIT has returned the gate knows what was committed, durably, while a thousand
// transactions a second are committed. Starts a MariaDB (sync_binlog=1), a gate (fsync) and a
// sidecar of its own, and prints the median and the 99th percentile, beside what an fdatasync takes
// here; nothing is asserted.
//
//   sidecar_latency [COMMITS] [COMMITS_PER_SECOND]      10000, 1000 a second, by default
//
// Seen from a client of the gate that follows its journal, which hears of a record just after the
// sidecar hears its acknowledgement.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/sidecar/sources/mariadb/mariadb_session.h"
#include "tests/bench/ingest_journal.h"
#include "tests/end_to_end/sidecar_world.h"

namespace fundgate::end_to_end {
namespace {

using Clock = std::chrono::steady_clock;

double MicrosecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

void Print(const std::string& what, std::vector<double> microseconds) {
  std::sort(microseconds.begin(), microseconds.end());
  const auto at = [&microseconds](double share) {
    return microseconds[static_cast<size_t>(share * static_cast<double>(microseconds.size() - 1))];
  };
  std::cout << absl::StreamFormat("%-48s median %7.0f us   p99 %7.0f us   max %7.0f us   (%d)\n",
                                  what, at(0.5), at(0.99), microseconds.back(),
                                  microseconds.size());
}

// The open loop's clock: nothing else happens at that time.
void WaitUntil(Clock::time_point time) {
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(time - Clock::now());
  if (left.count() <= 0) return;
  const timespec pause = {static_cast<time_t>(left.count() / 1'000'000'000),
                          static_cast<long>(left.count() % 1'000'000'000)};  // NOLINT: as it has it
  ::clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
}

// What an append of a small record and its fdatasync take on the disk that all of it is on.
std::vector<double> MeasureDisk() {
  constexpr int kAppends = 1000;
  const std::array<char, 512> record = {};
  const TemporaryFolder folder;
  const int file = ::open((folder.path() + "/log").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
  std::vector<double> took;
  for (int i = 0; i < kAppends && file >= 0; ++i) {
    const Clock::time_point begun = Clock::now();
    if (::write(file, record.data(), record.size()) < 0 || ::fdatasync(file) != 0) break;
    took.push_back(MicrosecondsSince(begun));
  }
  ::close(file);
  return took;
}

// Commits single rows at their times, as one of several connections.
class Application {
 public:
  Application(uint16_t port, int number, int of)
      : session_(sources::MariadbSession::Connect({"127.0.0.1", port}, {.user = "app"})),
        number_(number),
        of_(of) {}

  void Run(int commits, int per_second, Clock::time_point start) {
    if (!session_.ok()) return;
    for (int i = number_; i < commits; i += of_) {
      WaitUntil(start + std::chrono::microseconds(1'000'000) * i / per_second);
      const Clock::time_point begun = Clock::now();
      const auto done =
          (*session_)->Query(absl::StrCat("INSERT INTO pay.payment VALUES ('c", i, "', 'm1', 'o",
                                          i % kOrders, "', 1.00, 'SUCCESS')"));
      const Clock::time_point returned = Clock::now();
      took_.push_back(std::chrono::duration<double, std::micro>(returned - begun).count());
      // Asked only now, so that it doesn't count.
      const auto gtid = (*session_)->Query("SELECT @@last_gtid");
      if (done.ok() && gtid.ok()) {
        committed_.push_back({SequenceOf((*gtid)[0][0].value_or("")), returned});
      }
    }
  }

  const std::vector<double>& took() const { return took_; }
  const std::vector<Sighting>& committed() const { return committed_; }

 private:
  static constexpr int kOrders = 100;

  const absl::StatusOr<std::unique_ptr<sources::MariadbSession>> session_;
  const int number_;
  const int of_;
  std::vector<double> took_;
  std::vector<Sighting> committed_;
};

// From each return of COMMIT to the first batch that covers it.
std::vector<double> Delays(const std::vector<Sighting>& committed,
                           const std::vector<Sighting>& durable) {
  std::vector<double> delays;
  for (const Sighting& commit : committed) {
    const auto batch = std::lower_bound(
        durable.begin(), durable.end(), commit.sequence,
        [](const Sighting& one, uint64_t sequence) { return one.sequence < sequence; });
    if (batch == durable.end()) continue;
    delays.push_back(std::chrono::duration<double, std::micro>(batch->at - commit.at).count());
  }
  return delays;
}

void MeasureCommits(SidecarWorld& world, int commits, int per_second) {
  constexpr int kConnections = 8;
  const uint64_t before = SequenceOf(world.Head());
  IngestJournal journal(world.gate_address());
  std::vector<Sighting> durable;
  std::thread follower(
      [&] { durable = journal.FollowTo(before + static_cast<uint64_t>(commits)); });
  std::vector<std::unique_ptr<Application>> applications;
  std::vector<std::thread> threads;
  for (int i = 0; i < kConnections; ++i) {
    applications.push_back(std::make_unique<Application>(world.database().port(), i, kConnections));
  }
  const Clock::time_point start = Clock::now();
  for (const auto& application : applications) {
    threads.emplace_back([&application = *application, commits, per_second, start] {
      application.Run(commits, per_second, start);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = MicrosecondsSince(start) / 1e6;
  follower.join();
  std::vector<double> took;
  std::vector<double> delays;
  for (const auto& application : applications) {
    took.insert(took.end(), application->took().begin(), application->took().end());
    const std::vector<double> own = Delays(application->committed(), durable);
    delays.insert(delays.end(), own.begin(), own.end());
  }
  std::cout << absl::StreamFormat("%.0f transactions of one row a second\n",
                                  static_cast<double>(took.size()) / seconds);
  Print("INSERT and COMMIT, as the application sees it", took);
  Print("COMMIT returned -> durable at the gate", delays);
}

void MeasureViolations(SidecarWorld& world) {
  constexpr int kRefunds = 50;
  std::vector<double> caught;
  for (int i = 0; i < kRefunds; ++i) {
    const auto before = world.Violations(v1::VIOLATION_KIND_UNGATED).size();
    world.WriteRefund(absl::StrCat("by-hand-", i), "o1", 1);
    const Clock::time_point returned = Clock::now();
    while (world.Violations(v1::VIOLATION_KIND_UNGATED).size() == before) {
    }
    caught.push_back(MicrosecondsSince(returned));
  }
  Print("refund typed by hand -> violation can be listed", caught);
}

void Measure(int commits, int per_second) {
  SidecarWorld world;
  world.StartSidecar();
  world.Pay("p", "o1", 100'000'00);
  world.AwaitApplied();
  Print("512 bytes appended and fdatasync", MeasureDisk());
  MeasureCommits(world, commits, per_second);
  MeasureViolations(world);
}

}  // namespace
}  // namespace fundgate::end_to_end

int main(int argc, char** argv) {
  int commits = 10'000;
  int per_second = 1000;
  if (argc > 3 || (argc > 1 && (!absl::SimpleAtoi(argv[1], &commits) || commits < 1)) ||
      (argc > 2 && (!absl::SimpleAtoi(argv[2], &per_second) || per_second < 1))) {
    std::cerr << "Usage: sidecar_latency [COMMITS] [COMMITS_PER_SECOND]\n";
    return 2;
  }
  fundgate::end_to_end::Measure(commits, per_second);
  return 0;
}
