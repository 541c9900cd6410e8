// fundgated --verify-chain: the chain of a stopped store, compared with anchors.
#ifndef SERVER_MAIN_CHAIN_VERIFICATION_H_
#define SERVER_MAIN_CHAIN_VERIFICATION_H_

#include <iosfwd>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace fundgate::main {

struct ChainVerification {
  std::string directory;                 // the stopped gate's, or a copy
  std::string anchors_file;              // empty: nothing is compared
  std::vector<std::string> public_keys;  // files; each anchor must be signed by one of them
};

// Prints what was found, a line or two. True if all is sound. INVALID_ARGUMENT for files that can't
// be what they should; else what store::CheckChain says.
absl::StatusOr<bool> VerifyChain(const ChainVerification& settings, std::ostream& out);

}  // namespace fundgate::main

#endif  // SERVER_MAIN_CHAIN_VERIFICATION_H_
