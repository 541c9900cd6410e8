#include "server/sidecar/sources/mariadb/database_error.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"

namespace fundgate::sources {
namespace {

// Numbers of servers (sql/share/errmsg) and of Connector/C (errmsg.h).
constexpr unsigned kDatabaseAccessDenied = 1044;
constexpr unsigned kAccessDenied = 1045;
constexpr unsigned kTableAccessDenied = 1142;
constexpr unsigned kNoSuchTable = 1146;
constexpr unsigned kLockWaitTimeout = 1205;
constexpr unsigned kSpecificAccessDenied = 1227;
constexpr unsigned kMasterFatalErrorReadingBinlog = 1236;
constexpr unsigned kAccessDeniedNoPassword = 1698;
constexpr unsigned kIncorrectGtidState = 1941;
constexpr unsigned kSlaveSameServerId = 4052;
constexpr unsigned kConnectionError = 2002;
constexpr unsigned kConnHostError = 2003;
constexpr unsigned kServerGone = 2006;
constexpr unsigned kServerLost = 2013;
constexpr unsigned kServerShutdown = 1053;
constexpr unsigned kConnectionKilled = 1927;
constexpr unsigned kTooManyConnections = 1040;
constexpr unsigned kBinlogCorrupted = 5018;
constexpr unsigned kBinlogMalformedPacket = 5021;

constexpr char kSnapshotAdvice[] =
    "what the database did in between can't be read from this server any more. Point the policy's "
    "hosts at a server that still has it (SHOW BINARY LOGS); if there is none, the "
    "source's books must be built anew from a snapshot. Nothing more is read until then, and "
    "checks that need this source are answered by the policy's when_stale";

absl::StatusCode StatusCodeOf(unsigned number, std::string_view text) {
  switch (number) {
    case kConnectionError:
    case kConnHostError:
    case kServerGone:
    case kServerLost:
    case kServerShutdown:
    case kConnectionKilled:
    case kTooManyConnections:
    case kBinlogMalformedPacket:
      return absl::StatusCode::kUnavailable;
    case kMasterFatalErrorReadingBinlog:
      // MySQL's way to say what kSlaveSameServerId says.
      if (absl::StrContains(ToAbsl(text), "same server_uuid") ||
          absl::StrContains(ToAbsl(text), "same server_id")) {
        return absl::StatusCode::kAborted;
      }
      // Not a matter of positions: bytes of the log are wrong.
      return absl::StrContains(ToAbsl(text), "crc check") ||
                     absl::StrContains(ToAbsl(text), "event checksum")
                 ? absl::StatusCode::kDataLoss
                 : absl::StatusCode::kOutOfRange;
    case kBinlogCorrupted:
      return absl::StatusCode::kDataLoss;
    case kSlaveSameServerId:
      return absl::StatusCode::kAborted;
    case kNoSuchTable:
      return absl::StatusCode::kNotFound;
    case kLockWaitTimeout:
      return absl::StatusCode::kDeadlineExceeded;
    case kIncorrectGtidState:
      return absl::StatusCode::kInvalidArgument;
    case kDatabaseAccessDenied:
    case kAccessDenied:
    case kTableAccessDenied:
    case kSpecificAccessDenied:
    case kAccessDeniedNoPassword:
      return absl::StatusCode::kPermissionDenied;
    default:
      return absl::StatusCode::kInternal;
  }
}

std::string AdviceFor(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOutOfRange:
      return absl::StrCat("; ", kSnapshotAdvice);
    case absl::StatusCode::kAborted:
      return "; another reader uses this server id: each sidecar needs its own --server-id, and "
             "each source only one sidecar";
    case absl::StatusCode::kDataLoss:
      return "; the server's binlog is damaged on disk or on the way: look at it with "
             "mariadb-binlog or mysqlbinlog, with --verify-binlog-checksum";
    case absl::StatusCode::kPermissionDenied:
      return "; the user needs: GRANT REPLICATION SLAVE ON *.* TO it, and the password in the "
             "policy's password_file";
    default:
      return "";
  }
}

}  // namespace

absl::Status DatabaseError(std::string_view doing, unsigned number, std::string_view text) {
  const absl::StatusCode code = StatusCodeOf(number, text);
  return {code, absl::StrCat(ToAbsl(doing), ": ", text.empty() ? "no reason given" : ToAbsl(text),
                             " (error ", number, ")", AdviceFor(code))};
}

}  // namespace fundgate::sources
