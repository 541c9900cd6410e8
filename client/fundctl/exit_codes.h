// What fundctl's exit code means. Part of its contract with scripts: never renumber.
#ifndef CLIENT_FUNDCTL_EXIT_CODES_H_
#define CLIENT_FUNDCTL_EXIT_CODES_H_

#include "absl/status/status.h"
#include "fundgate/v1/verdict.pb.h"

namespace fundgate::fundctl {

enum ExitCode : int {
  kOk = 0,           // done; of a check: ALLOW
  kError = 1,        // the gate refused it, or something is wrong with what it found
  kUsage = 2,        // the command line is wrong; nothing was sent
  kUnreachable = 3,  // no gate answered in time: what became of the call is not known
  kHold = 10,
  kBlock = 11,
};

ExitCode ExitCodeOf(v1::Verdict verdict);
ExitCode ExitCodeOf(const absl::Status& status);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_EXIT_CODES_H_
