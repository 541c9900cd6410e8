#include "server/sidecar/sources/mariadb/primary.h"

#include <mysql.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fundgate/types/status_macros.h"
#include "server/sidecar/sources/mariadb/server_settings.h"
#include "server/sidecar/sources/password_file.h"

namespace fundgate::sources {
namespace {

// What is committed, and what may change while the server runs, without a trace in its binlog.
// MySQL's super_read_only turns read_only on as well, and breaks the lines of long sets.
const char* HeadQuery(Flavor flavor) {
  switch (flavor) {
    case Flavor::kMariadb:
      return "SELECT @@global.gtid_binlog_pos, @@global.read_only, @@global.sync_binlog, ''";
    case Flavor::kMysql:
      return "SELECT REPLACE(@@global.gtid_executed, '\n', ''), @@global.read_only, "
             "@@global.sync_binlog, REPLACE(@@global.gtid_purged, '\n', '')";
    case Flavor::kMysqlFiles:
      return "SELECT @@global.server_uuid, @@global.read_only, @@global.sync_binlog, ''";
  }
  return "";
}

absl::StatusOr<ServerVariables> ReadVariables(MariadbSession& session) {
  std::vector<std::string> quoted;
  for (const std::string& name : CheckedVariables()) {
    quoted.push_back(absl::StrCat("'", name, "'"));
  }
  FUNDGATE_ASSIGN_OR_RETURN(
      const std::vector<ResultRow> rows,
      session.Query(absl::StrCat("SHOW GLOBAL VARIABLES WHERE Variable_name IN (",
                                 absl::StrJoin(quoted, ", "), ")")));
  ServerVariables variables;
  for (const ResultRow& row : rows) {
    if (row.size() == 2 && row[0].has_value()) {
      variables[absl::AsciiStrToLower(*row[0])] = row[1].value_or("");
    }
  }
  return variables;
}

// The one row of HeadQuery(), with the head in its first column.
absl::StatusOr<ResultRow> ReadHead(MariadbSession& session, Flavor flavor) {
  FUNDGATE_ASSIGN_OR_RETURN(std::vector<ResultRow> rows, session.Query(HeadQuery(flavor)));
  if (rows.size() != 1 || rows[0].size() != 4) {
    return absl::InternalError(
        absl::StrCat("asking ", session.endpoint().ToString(), " how far it is: expected one row"));
  }
  if (flavor == Flavor::kMysqlFiles) {
    FUNDGATE_ASSIGN_OR_RETURN(const FilePlace end, ReadBinlogEnd(session));
    FUNDGATE_ASSIGN_OR_RETURN(rows[0][0], FilePositionOf(end, rows[0][0].value_or("")));
  }
  return std::move(rows[0]);
}

// UNAVAILABLE if another host should be tried.
absl::StatusOr<Primary> TryHost(const std::string& host, const PrimarySettings& settings,
                                const Login& login) {
  FUNDGATE_ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(host));
  Primary primary;
  primary.login = login;
  FUNDGATE_ASSIGN_OR_RETURN(primary.session, MariadbSession::Connect(endpoint, login));
  FUNDGATE_ASSIGN_OR_RETURN(const ServerVariables variables, ReadVariables(*primary.session));
  if (IsReadOnly(variables)) {
    return absl::UnavailableError(absl::StrCat(
        endpoint.ToString(), " is read_only: it follows another server, and only the primary can ",
        "prove that nothing newer has happened"));
  }
  FUNDGATE_RETURN_IF_ERROR(CheckServerSettings(variables, settings.server_id, settings.flavor));
  const auto value = [&variables](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  };
  primary.version = value("version");
  primary.flavor = settings.flavor;
  FUNDGATE_ASSIGN_OR_RETURN(primary.server_uid, ReadServerUid(*primary.session, settings.flavor));
  primary.server_id = settings.flavor == Flavor::kMariadb ? value("server_id") : primary.server_uid;
  FUNDGATE_ASSIGN_OR_RETURN(const ResultRow head, ReadHead(*primary.session, settings.flavor));
  primary.head = head[0].value_or("");
  primary.purged = head[3].value_or("");
  return primary;
}

}  // namespace

absl::StatusOr<Primary> ConnectToPrimary(const PrimarySettings& settings,
                                         const PrimaryCheck& check) {
  Login login;
  login.user = settings.user;
  login.tls = settings.tls;
  FUNDGATE_ASSIGN_OR_RETURN(login.password, ReadPasswordFile(settings.password_file));
  std::vector<std::string> refusals;
  absl::StatusCode code = absl::StatusCode::kUnavailable;
  for (const std::string& host : settings.hosts) {
    absl::StatusOr<Primary> primary = TryHost(host, settings, login);
    absl::Status status = primary.status();
    if (status.ok() && check != nullptr) status = check(*primary);
    if (status.ok()) return primary;
    if (absl::IsOutOfRange(status)) {
      code = status.code();
    } else if (!absl::IsUnavailable(status) && !absl::IsInternal(status)) {
      return status;
    }
    refusals.push_back(std::string(status.message()));
  }
  return absl::Status(
      code, absl::StrCat("no host takes part as the primary: ", absl::StrJoin(refusals, "; ")));
}

absl::StatusOr<FilePlace> ReadBinlogEnd(MariadbSession& session) {
  constexpr unsigned long kRenamed = 80200;  // and in 8.4 the old name is gone
  const bool is_new = mysql_get_server_version(session.handle()) >= kRenamed;
  const absl::StatusOr<std::vector<ResultRow>> rows =
      session.Query(is_new ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS");
  if (absl::IsPermissionDenied(rows.status())) {
    return absl::PermissionDeniedError(
        absl::StrCat("asking ", session.endpoint().ToString(),
                     " where its binlog ends: GRANT REPLICATION CLIENT ON *.* TO the user, which ",
                     "needs it beside REPLICATION SLAVE where a MySQL has no GTIDs (`positions: ",
                     "files`) and where its tables are read anew"));
  }
  if (!rows.ok()) return rows.status();
  FilePlace place;
  if (rows->size() != 1 || rows->front().size() < 2 ||
      !absl::SimpleAtoi(rows->front()[1].value_or(""), &place.offset)) {
    return absl::InternalError(absl::StrCat("asking ", session.endpoint().ToString(),
                                            " where its binlog ends: it has none"));
  }
  place.file = rows->front()[0].value_or("");
  return place;
}

HeadReader::HeadReader(const Primary& primary)
    : connection_(primary.session->endpoint(), primary.login, primary.server_uid, primary.flavor),
      flavor_(primary.flavor) {}

absl::StatusOr<std::string> HeadReader::Read() {
  FUNDGATE_ASSIGN_OR_RETURN(MariadbSession* const session, connection_.Get());
  const absl::StatusOr<ResultRow> read = ReadHead(*session, flavor_);
  if (!read.ok()) {
    connection_.Close();
    return read.status();
  }
  const ResultRow& row = *read;
  const std::string host = connection_.endpoint().ToString();
  if (IsReadOnly({{"read_only", row[1].value_or("")}})) {
    return absl::FailedPreconditionError(
        absl::StrCat(host, " is read_only now: it isn't the primary any more"));
  }
  if (row[2] != "1") {
    return absl::FailedPreconditionError(absl::StrCat(
        host, " has another sync_binlog than 1 now: a crash could take back what was read"));
  }
  return row[0].value_or("");
}

}  // namespace fundgate::sources
