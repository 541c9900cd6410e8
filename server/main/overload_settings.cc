#include "server/main/overload_settings.h"

#include <CLI/CLI.hpp>
#include <cstdint>

namespace fundgate::main {

void DeclareOverloadSettings(CLI::App& app, gate::ServerSettings& server, int& pollers) {
  app.add_option_function<double>(
         "--check-wait",
         [&server](double seconds) { server.sequencer.longest_wait = absl::Seconds(seconds); },
         "A check that would wait longer for its judgement, in seconds, is refused at once, with "
         "when to ask again; one of a lower priority after less")
      ->envname("FUNDGATE_CHECK_WAIT")
      ->check(CLI::Range(0.001, 60.0))
      ->type_name("SECONDS")
      ->default_str("0.25");
  app.add_option("--capacity", server.sequencer.inputs_per_second,
                 "Judge and write no more inputs a second, to spare a disk that others use; 0: as "
                 "many as can be")
      ->envname("FUNDGATE_CAPACITY")
      ->check(CLI::Range(uint64_t{0}, uint64_t{10'000'000}))
      ->type_name("INPUTS")
      ->capture_default_str();
  app.add_option("--pollers", pollers,
                 "Threads that read calls from connections, no more than gRPC starts: half of the "
                 "machine's cores, 2 to 16. Fewer waste less time waking each other; one reads "
                 "tens of thousands of checks a second. 0: one for every four cores")
      ->envname("FUNDGATE_POLLERS")
      ->check(CLI::Range(0, 16))
      ->type_name("THREADS")
      ->capture_default_str();
  app.add_option("--check-streams", server.max_check_streams,
                 "Streams of checks that may be open at once")
      ->envname("FUNDGATE_CHECK_STREAMS")
      ->check(CLI::Range(size_t{1}, size_t{1'000'000}))
      ->type_name("STREAMS")
      ->capture_default_str();
}

}  // namespace fundgate::main
