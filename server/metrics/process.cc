#include "server/metrics/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>

#include "absl/strings/numbers.h"

namespace fundgate::metrics {
namespace {

double NumberOf(const std::string& text) {
  double number = 0;
  return absl::SimpleAtod(text, &number) ? number : 0;
}

// The fields of /proc/self/stat that are used, in its own units.
struct Stat {
  double user_ticks = 0;
  double system_ticks = 0;
  double start_ticks = 0;  // since the machine's start
  double resident_pages = 0;
};

std::optional<Stat> ReadStat() {
  std::ifstream file("/proc/self/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const size_t name_end = text.rfind(')');  // the process' name may have anything in it
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  Stat stat;
  std::string field;
  // By their numbers in proc(5); the first one behind the name is 3.
  for (int number = 3; number <= 24 && fields >> field; ++number) {
    if (number == 14) stat.user_ticks = NumberOf(field);
    if (number == 15) stat.system_ticks = NumberOf(field);
    if (number == 22) stat.start_ticks = NumberOf(field);
    if (number == 24) stat.resident_pages = NumberOf(field);
  }
  return fields ? std::optional(stat) : std::nullopt;
}

// Since the machine's start, in seconds. /proc/uptime says the same, but not to a hardened service.
std::optional<double> ReadUptime() {
  timespec uptime{};
  if (clock_gettime(CLOCK_BOOTTIME, &uptime) != 0) return std::nullopt;
  return static_cast<double>(uptime.tv_sec) + static_cast<double>(uptime.tv_nsec) * 1e-9;
}

// The moment when this process started can't change, but reading it anew would let it tremble.
std::optional<double> StartTime() {
  static const std::optional<double> kStart = []() -> std::optional<double> {
    const std::optional<Stat> stat = ReadStat();
    const std::optional<double> uptime = ReadUptime();
    if (!stat.has_value() || !uptime.has_value()) return std::nullopt;
    const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
    const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
    return now.count() - *uptime + stat->start_ticks / ticks_per_second;
  }();
  return kStart;
}

std::optional<uint64_t> CountOpenFiles() {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  if (error) return std::nullopt;
  // One of them is the reading itself.
  return static_cast<uint64_t>(std::distance(files, std::filesystem::directory_iterator())) - 1;
}

struct Process {
  std::optional<Stat> stat = ReadStat();
  std::optional<double> started_at = StartTime();
  std::optional<uint64_t> open_files = CountOpenFiles();
};

constexpr Metric<Process> kMetrics[] = {
    {"process_start_time_seconds", Type::kGauge, "When the process started, since 1970.",
     [](const Process& process, Samples& samples) {
       if (process.started_at.has_value()) samples.Add(*process.started_at);
     }},
    {"process_cpu_seconds_total", Type::kCounter, "Time on the processor, all threads.",
     [](const Process& process, Samples& samples) {
       if (!process.stat.has_value()) return;
       samples.Add((process.stat->user_ticks + process.stat->system_ticks) /
                   static_cast<double>(sysconf(_SC_CLK_TCK)));
     }},
    {"process_resident_memory_bytes", Type::kGauge, "Memory that is in use.",
     [](const Process& process, Samples& samples) {
       if (!process.stat.has_value()) return;
       samples.Add(process.stat->resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE)));
     }},
    {"process_max_fds", Type::kGauge, "Files and connections that may be open at once.",
     [](const Process&, Samples& samples) {
       rlimit limit{};
       if (getrlimit(RLIMIT_NOFILE, &limit) == 0) samples.Add(uint64_t{limit.rlim_cur});
     }},
    {"process_open_fds", Type::kGauge, "Open files and connections.",
     [](const Process& process, Samples& samples) {
       if (process.open_files.has_value()) samples.Add(*process.open_files);
     }},
};

}  // namespace

void ReadProcess(std::vector<Family>& families) { Read<Process>(kMetrics, Process(), families); }

}  // namespace fundgate::metrics
