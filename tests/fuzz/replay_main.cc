// A fuzzer as an ordinary program, for any compiler:
//   FUZZER [--changes N] [FILE or FOLDER]...
// runs the seeds, N changed seeds (the same ones in every run), and every file given, also in
// folders. A folder that doesn't exist holds no cases. Ends with 0 unless an input ends it.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "fundgate/types/text.h"
#include "tests/fuzz/fuzzer.h"

namespace fundgate::fuzz {
namespace {

void RunText(const std::string& text) {
  Run({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

// One to four bytes set, put in, taken out, or copied from another seed.
std::string Changed(const std::vector<std::string>& seeds, std::mt19937_64& random) {
  std::string text = seeds[random() % seeds.size()];
  const std::string& other = seeds[random() % seeds.size()];
  const uint64_t changes = 1 + random() % 4;
  for (uint64_t i = 0; i < changes; ++i) {
    const size_t at = random() % (text.size() + 1);
    switch (random() % 4) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(random());
        break;
      case 1:
        text.insert(at, 1, static_cast<char>(random()));
        break;
      case 2:
        text.erase(at, 1 + random() % 4);
        break;
      default:
        text.insert(at, other, random() % (other.size() + 1), 1 + random() % 16);
    }
  }
  if (text.size() > kInputMax) text.resize(kInputMax);
  return text;
}

int RunFiles(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return 0;
  if (!std::filesystem::is_directory(path)) {
    std::ifstream file(path, std::ios::binary);
    RunText(std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
    return 1;
  }
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path))
    count += RunFiles(entry.path());
  return count;
}

int Main(const std::vector<std::string>& arguments) {
  const std::vector<std::string> seeds = Seeds();
  for (const std::string& seed : seeds) RunText(seed);
  int changes = 0;
  int files = 0;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] != "--changes") {
      files += RunFiles(arguments[i]);
    } else if (++i == arguments.size() || !absl::SimpleAtoi(ToAbsl(arguments[i]), &changes)) {
      std::cerr << "--changes needs a number\n";
      return 2;
    }
  }
  std::mt19937_64 random(20261126);  // the same numbers everywhere
  for (int i = 0; i < changes; ++i) RunText(Changed(seeds, random));
  std::cout << seeds.size() << " seeds, " << changes << " changed seeds and " << files
            << " kept cases did no harm\n";
  return 0;
}

}  // namespace
}  // namespace fundgate::fuzz

int main(int argc, char** argv) { return fundgate::fuzz::Main({argv + 1, argv + argc}); }
