// When to tell how a catch-up goes on. No I/O, no clock of its own.
#ifndef SERVER_SIDECAR_PROGRESS_H_
#define SERVER_SIDECAR_PROGRESS_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"

namespace fundgate::sidecar {

// A reader is catching up while what it reads was committed a while ago.
class Progress {
 public:
  struct Report {
    bool caught_up = false;   // the first transaction that is new again
    absl::Duration behind;    // the newest transaction's age
    uint64_t per_second = 0;  // transactions since the last report, or since the beginning
  };

  explicit Progress(absl::Time now) : since_(now) {}

  // A transaction was read. A report every few seconds of catching up, and one at its end.
  std::optional<Report> Read(absl::Time committed_at, absl::Time now);

 private:
  absl::Time since_;       // the last report
  uint64_t read_ = 0;      // transactions since then
  bool reported_ = false;  // that it is behind
};

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_PROGRESS_H_
