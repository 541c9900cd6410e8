// Follows a MariaDB or MySQL primary through its binlog.
#ifndef SERVER_SIDECAR_MARIADB_FOLLOWER_H_
#define SERVER_SIDECAR_MARIADB_FOLLOWER_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "fundgate/policy/v1/document.pb.h"
#include "server/sidecar/followers.h"
#include "server/sidecar/sources/mariadb/primary.h"

namespace fundgate::sidecar {

std::unique_ptr<Follower> NewMariadbFollower(const FollowerContext& context);

// How the policy says that the primary of a database is reached; without the reader's server id.
sources::PrimarySettings ToPrimarySettings(const policy::v1::Source& source);

// The tables that are read: "database.table" in lower case, as statements may name them in any.
std::set<std::string> TablesOf(const policy::v1::Source& source);

// The id that a sidecar of this source has unless it is told another one: from 2^31, so that it
// meets few servers' ids.
uint32_t DefaultServerId(std::string_view source);

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_MARIADB_FOLLOWER_H_
