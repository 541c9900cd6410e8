#include "server/main/memory_settings.h"

#include <CLI/CLI.hpp>
#include <cstdint>

namespace fundgate::main {

void DeclareMemorySettings(CLI::App& app, gate::ServerSettings& server) {
  app.add_option_function<uint64_t>(
         "--store-memory", [&server](uint64_t mib) { server.store_memory_bytes = mib << 20; },
         "How much of what it stores it keeps in memory, in MiB, however much that is: two thirds "
         "of it for what was read, indexes and filters included, the rest for records as they were "
         "last and for what is being written. The process takes more besides")
      ->envname("FUNDGATE_STORE_MEMORY")
      ->check(CLI::Range(uint64_t{48}, uint64_t{1} << 20))
      ->type_name("MIB")
      ->default_str("384");
}

}  // namespace fundgate::main
