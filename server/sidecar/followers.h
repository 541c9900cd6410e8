// The kinds of source that a sidecar can follow.
#ifndef SERVER_SIDECAR_FOLLOWERS_H_
#define SERVER_SIDECAR_FOLLOWERS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/sidecar/feed/counters.h"
#include "server/sidecar/follower.h"
#include "server/sidecar/log.h"
#include "server/sidecar/policy_source.h"
#include "server/sidecar/schema/history.h"
#include "server/sidecar/settings.h"

namespace fundgate::sidecar {

// What came damaged last.
struct Damage {
  std::string host;    // that it came from: the last one to be asked next; empty: none, or it was
  std::string reason;  // as it was told
};

// What a follower is made of; all of it lives longer.
struct FollowerContext {
  const Settings& settings;
  const PolicySource& policy;
  const Log& log;
  feed::Counters& counters;
  std::string& server_uid;  // of the server that was read last; empty: none yet
  schema::History& schema;  // of its tables, for logs that don't describe them
  Damage& damage;
};

// FAILED_PRECONDITION if the policy's source is of a kind that reports by itself.
absl::StatusOr<std::unique_ptr<Follower>> NewFollower(const FollowerContext& context);

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_FOLLOWERS_H_
