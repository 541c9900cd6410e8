// Fills a store's folder; adds keys that are to be forgotten; compacts. tools/bench --scale runs
// it.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <string>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "fundgate/types/status_macros.h"
#include "tests/bench/scale/fill.h"

namespace fundgate::bench {
namespace {

constexpr double kGigabyte = 1e9;
// What is left for what is measured afterwards.
constexpr uint64_t kSpareBytes = uint64_t{3} << 30;

struct Settings {
  std::string directory;
  uint64_t keys = 0;
  uint64_t books = 0;
  uint64_t overdue = 0;
  bool compact = false;
};

// One line that is written over: what is done, how fast, how long it will take.
class Progress {
 public:
  void Show(uint64_t done, uint64_t total) const {
    const std::chrono::duration<double> since = std::chrono::steady_clock::now() - begun_;
    const double rate = static_cast<double>(done) / std::max(since.count(), 0.001);
    std::cerr << absl::StreamFormat("\rfilling: %d of %d records, %.0f a second, %.0f s left   ",
                                    done, total, rate,
                                    rate > 0 ? static_cast<double>(total - done) / rate : 0.0);
    if (done == total) std::cerr << "\n";
  }

 private:
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

absl::Status FillAnew(const Settings& settings) {
  const uint64_t keys_of_order = settings.keys / settings.books;
  const absl::Time now = absl::Now();
  const Timeline timeline = RecentTimeline(settings.books, keys_of_order, now);
  std::filesystem::create_directories(settings.directory);
  FUNDGATE_ASSIGN_OR_RETURN(const uint64_t needed, BytesNeeded(settings.directory, timeline));
  const uint64_t free = std::filesystem::space(settings.directory).available;
  std::cerr << absl::StreamFormat("%d keys and %d books take about %.2f GB; %.2f GB are free\n",
                                  timeline.population.keys(), settings.books,
                                  static_cast<double>(needed) / kGigabyte,
                                  static_cast<double>(free) / kGigabyte);
  // Taking in makes links: what is filled lies there once.
  if (needed + needed / 5 + kSpareBytes > free) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "that and what is measured afterwards take %.2f GB: make room, name another "
        "folder, or fill less",
        static_cast<double>(needed + needed / 5 + kSpareBytes) / kGigabyte));
  }
  const Progress progress;
  return Fill(settings.directory, timeline, now,
              [&progress](uint64_t done, uint64_t total) { progress.Show(done, total); });
}

absl::Status AddOverdueKeys(const Settings& settings) {
  FUNDGATE_ASSIGN_OR_RETURN(const Filled filled, ReadFilled(settings.directory));
  const Progress progress;
  return AddOverdue(settings.directory,
                    std::max<uint64_t>(settings.overdue / filled.keys_of_order, 1), absl::Now(),
                    [&progress](uint64_t done, uint64_t total) { progress.Show(done, total); });
}

absl::Status CompactAll(const Settings& settings) {
  FUNDGATE_ASSIGN_OR_RETURN(const std::vector<TableSize> sizes, Compact(settings.directory));
  std::string line = "{";
  for (const TableSize& size : sizes) {
    absl::StrAppend(&line, line.size() > 1 ? ", " : "", "\"", size.name, "\": [", size.before, ", ",
                    size.after, "]");
  }
  std::cout << line << "}\n";
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  Settings settings;
  CLI::App app("Fills a store with the state that years of business leave", "bench_fill");
  app.add_option("directory", settings.directory, "The store's folder")->required();
  CLI::Option* books = app.add_option("--books", settings.books, "A new store: so many orders")
                           ->check(CLI::Range(uint64_t{1}, uint64_t{4'000'000'000}));
  app.add_option("--keys", settings.keys,
                 "And so many keys; a multiple of the books, at least twice as many")
      ->needs(books)
      ->check(CLI::Range(uint64_t{2}, uint64_t{4'000'000'000}));
  app.add_option("--overdue", settings.overdue,
                 "A filled store: so many more keys that are to be forgotten at once");
  app.add_flag("--compact", settings.compact,
               "Any store: compacts it; prints the bytes of each table, before and after");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (settings.books > 0 && settings.keys < 2 * settings.books) {
    std::cerr << "bench_fill: --keys must be at least twice --books\n";
    return 2;
  }
  absl::Status status;
  if (settings.books > 0) status = FillAnew(settings);
  if (status.ok() && settings.overdue > 0) status = AddOverdueKeys(settings);
  if (status.ok() && settings.compact) status = CompactAll(settings);
  if (status.ok()) return 0;
  std::cerr << "bench_fill: " << status.message() << "\n";
  return 1;
}

}  // namespace
}  // namespace fundgate::bench

int main(int argc, char** argv) { return fundgate::bench::Main(argc, argv); }
