// The verbs under `fundctl violation` that say what is done about violations.
#ifndef CLIENT_FUNDCTL_VIOLATION_REVIEW_H_
#define CLIENT_FUNDCTL_VIOLATION_REVIEW_H_

#include <string>
#include <utility>
#include <vector>

#include "client/fundctl/context.h"
#include "fundgate/v1/violation.pb.h"

namespace fundgate::fundctl {

// Adds groups, ack, resolve and summary.
void AddViolationReviews(CLI::App& violation, Context& context);

// Name and value, for PrintPairs.
std::vector<std::pair<std::string, std::string>> PairsOf(const v1::Review& review);

std::string StateOf(const v1::Review& review);  // "OPEN"

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_VIOLATION_REVIEW_H_
