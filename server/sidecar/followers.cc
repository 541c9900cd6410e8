#include "server/sidecar/followers.h"

#include "absl/strings/str_cat.h"
#include "server/sidecar/kafka_follower.h"
#include "server/sidecar/mariadb_follower.h"

namespace fundgate::sidecar {

absl::StatusOr<std::unique_ptr<Follower>> NewFollower(const FollowerContext& context) {
  const policy::v1::Source& declared = context.policy.declared;
  if (declared.has_mariadb() || declared.has_mysql()) return NewMariadbFollower(context);
  if (declared.has_kafka()) return NewKafkaFollower(context);
  return absl::FailedPreconditionError(
      absl::StrCat("source ", context.settings.source, " reports by itself; nothing follows it"));
}

}  // namespace fundgate::sidecar
