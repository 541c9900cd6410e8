// fundgated, run for what only it can do: read a store that no gate serves.
#ifndef CLIENT_FUNDCTL_CHAIN_PROGRAM_H_
#define CLIENT_FUNDCTL_CHAIN_PROGRAM_H_

#include <string>

#include "absl/status/statusor.h"

namespace fundgate::fundctl {

// The program of that name beside this one, else the first on the PATH.
std::string BesideThis(const std::string& program);

// What `fundgated --verify-chain FOLDER` says on stdout. DATA_LOSS with it if it finds damage,
// UNAVAILABLE if it can't be run or can't read the folder.
absl::StatusOr<std::string> VerifyChain(const std::string& fundgated, const std::string& folder);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_CHAIN_PROGRAM_H_
