// Runs the torture: see tools/torture.
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/torture/run.h"

namespace fundgate::torture {
namespace {

constexpr int kUsage = 2;

int Main(int argc, char** argv) {
  RunSettings settings;
  settings.seed = std::random_device()();
  settings.say = [](const std::string& line) { std::cout << line << "\n" << std::flush; };
  bool kept = false;
  if (argc % 2 == 0) {
    std::cerr << "torture: " << argv[argc - 1] << " needs a value\n";
    return kUsage;
  }
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    const bool known = (name == "--kills" && absl::SimpleAtoi(value, &settings.kills)) ||
                       (name == "--minutes" && absl::SimpleAtoi(value, &settings.minutes)) ||
                       (name == "--clients" && absl::SimpleAtoi(value, &settings.clients)) ||
                       (name == "--seed" && absl::SimpleAtoi(value, &settings.seed));
    if (name == "--keep") settings.folder = value;
    if (!known && name != "--keep") {
      std::cerr << "torture: unknown option or bad number: " << name << " " << value << "\n";
      return kUsage;
    }
  }
  kept = !settings.folder.empty();
  if (kept) {
    std::filesystem::create_directories(settings.folder);
  } else {
    std::error_code error;
    std::string folder = std::filesystem::temp_directory_path(error) / "fundgate-torture-XXXXXX";
    if (error || ::mkdtemp(folder.data()) == nullptr) {
      std::cerr << "torture: can't make a folder like " << folder << "\n";
      return EXIT_FAILURE;
    }
    settings.folder = folder;
  }
  std::cout << "seed " << settings.seed << ", in " << settings.folder << "\n" << std::flush;
  const RunReport report = Torture(settings);
  std::cout << report.Text() << "; " << report.decisions
            << " decisions found again in the same words\n";
  for (const std::string& what : report.skipped) std::cout << "skipped: " << what << "\n";
  if (report.failures.empty()) {
    if (!kept) std::filesystem::remove_all(settings.folder);
    std::cout << "every promise was kept\n";
    return 0;
  }
  for (const std::string& failure : report.failures) std::cout << "BROKEN: " << failure << "\n";
  std::cout
      << "The folders are kept in " << settings.folder
      << ". The same injuries again, though never at quite the same moments:\n  tools/torture "
         "--seed "
      << settings.seed << " --kills " << settings.kills << " --clients " << settings.clients
      << "\n";
  return 1;
}

}  // namespace
}  // namespace fundgate::torture

int main(int argc, char** argv) { return fundgate::torture::Main(argc, argv); }
