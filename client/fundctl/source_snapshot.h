// fundctl source resnapshot, and how a run looks.
#ifndef CLIENT_FUNDCTL_SOURCE_SNAPSHOT_H_
#define CLIENT_FUNDCTL_SOURCE_SNAPSHOT_H_

#include <string>
#include <utility>
#include <vector>

#include "client/fundctl/context.h"
#include "fundgate/v1/sources.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace fundgate::fundctl {

// The run as pairs of a name and a text; `now` is the gate's time.
std::vector<std::pair<std::string, std::string>> PairsOf(const v1::Snapshot& run,
                                                         const google::protobuf::Timestamp& now);

void AddResnapshot(CLI::App& source, Context& context);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_SOURCE_SNAPSHOT_H_
