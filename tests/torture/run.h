// A run of the torture: business goes on while everything is killed, stopped, filled and damaged.
#ifndef TESTS_TORTURE_RUN_H_
#define TESTS_TORTURE_RUN_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace fundgate::torture {

struct RunSettings {
  uint64_t seed = 1;
  int kills = 100;     // ends after so many,
  int minutes = 0;     // or after so long; 0: no end
  int clients = 16;    // threads of services
  std::string folder;  // exists; what the processes keep and say
  // Told of each line of progress.
  std::function<void(const std::string& line)> say = {};
};

struct RunReport {
  std::vector<std::string> failures;  // each a broken promise, in words; empty if all was kept
  std::vector<std::string> skipped;   // what could not be done here, and why
  // What happened.
  int kills_of_gate = 0;
  int kills_of_sidecar = 0;
  int kills_of_database = 0;
  int stops = 0;    // SIGSTOP, then SIGCONT
  int fills = 0;    // of the disk
  int slows = 0;    // of the disk
  int damages = 0;  // of a copy of the gate's folder,
  int refused = 0;  // of which so many were not served
  int64_t allowed = 0;
  int64_t held = 0;
  int64_t blocked = 0;
  int64_t unheard = 0;     // calls without an answer
  int64_t exhausted = 0;   // of them, RESOURCE_EXHAUSTED
  int64_t rows = 0;        // committed
  int64_t orders = 0;      // whose histories were judged
  int64_t operations = 0;  // in them
  int64_t decisions = 0;   // that were heard, and found again in the end

  int kills() const { return kills_of_gate + kills_of_sidecar + kills_of_database; }
  std::string Text() const;
};

// Ends at the first broken promise.
RunReport Torture(const RunSettings& settings);

}  // namespace fundgate::torture

#endif  // TESTS_TORTURE_RUN_H_
