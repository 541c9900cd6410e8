// A fuzzer for libFuzzer, which brings the main. Before it begins:
//   FUZZER --seeds FOLDER   writes the seeds into files there, and ends
//   FUZZER --input-max      prints how long an input may be, and ends
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include "tests/fuzz/fuzzer.h"

namespace {

void WriteSeeds(const std::string& folder) {
  int number = 0;
  for (const std::string& seed : fundgate::fuzz::Seeds()) {
    std::ofstream file(folder + "/seed-" + std::to_string(++number), std::ios::binary);
    if (!file.write(seed.data(), static_cast<std::streamsize>(seed.size()))) {
      std::cerr << "Seeds can't be written into " << folder << "; is it a folder?\n";
      std::exit(2);
    }
  }
}

}  // namespace

// LeakSanitizer asks for this name.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" const char* __lsan_default_suppressions() {
  return
      // A thread's list of what it destroys at its end hangs on a variable of the C library's own,
      // where LeakSanitizer doesn't look: RocksDB's threads, which live on between two inputs,
      // would be taken for leaks.
      "leak:__cxa_thread_atexit_impl\n"
      // RocksDB 7.8 loses, once in a great while, the argument of a compaction that it plans for
      // itself (24 bytes) when a database is closed just then.
      "leak:rocksdb::DBImpl::MaybeScheduleFlushOrCompaction\n";
}

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  const std::string_view verb = *argc > 1 ? (*argv)[1] : "";
  if (verb == "--input-max") {
    std::cout << fundgate::fuzz::kInputMax << '\n';
    std::exit(0);
  }
  if (verb == "--seeds" && *argc == 3) {
    WriteSeeds((*argv)[2]);
    std::exit(0);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fundgate::fuzz::Run({data, size});
  return 0;
}
