#include "server/sidecar/sources/mariadb/primary.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fundgate/types/status_macros.h"
#include "server/sidecar/sources/mariadb/server_settings.h"
#include "server/sidecar/sources/password_file.h"

namespace fundgate::sources {
namespace {

constexpr char kUidQuery[] =
    "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_VARIABLES WHERE VARIABLE_NAME = "
    "'SERVER_UID'";

// And what may change while the server runs, without a trace in its binlog.
constexpr char kHeadQuery[] =
    "SELECT @@global.gtid_binlog_pos, @@global.read_only, @@global.sync_binlog";

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

// Empty if the server has none.
absl::StatusOr<std::string> ReadUid(MariadbSession& session) {
  FUNDGATE_ASSIGN_OR_RETURN(const std::vector<ResultRow> rows, session.Query(kUidQuery));
  return rows.empty() ? "" : rows[0][0].value_or("");
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
  FUNDGATE_RETURN_IF_ERROR(CheckServerSettings(variables, settings.server_id));
  FUNDGATE_ASSIGN_OR_RETURN(primary.version, primary.session->QueryValue("SELECT VERSION()"));
  FUNDGATE_ASSIGN_OR_RETURN(primary.server_uid, ReadUid(*primary.session));
  return primary;
}

}  // namespace

absl::StatusOr<Primary> ConnectToPrimary(const PrimarySettings& settings) {
  Login login;
  login.user = settings.user;
  login.tls = settings.tls;
  FUNDGATE_ASSIGN_OR_RETURN(login.password, ReadPasswordFile(settings.password_file));
  std::vector<std::string> refusals;
  for (const std::string& host : settings.hosts) {
    absl::StatusOr<Primary> primary = TryHost(host, settings, login);
    const bool try_another =
        absl::IsUnavailable(primary.status()) || absl::IsInternal(primary.status());
    if (!try_another) return primary;
    refusals.push_back(std::string(primary.status().message()));
  }
  return absl::UnavailableError(
      absl::StrCat("no host takes part as the primary: ", absl::StrJoin(refusals, "; ")));
}

HeadReader::HeadReader(const Primary& primary)
    : endpoint_(primary.session->endpoint()),
      login_(primary.login),
      server_uid_(primary.server_uid) {}

absl::Status HeadReader::Connect() {
  FUNDGATE_ASSIGN_OR_RETURN(std::shared_ptr<MariadbSession> session,
                            MariadbSession::Connect(endpoint_, login_));
  FUNDGATE_ASSIGN_OR_RETURN(const std::string uid, ReadUid(*session));
  if (uid != server_uid_) {
    return absl::DataLossError(absl::StrCat("at ", endpoint_.ToString(), " server \"", uid,
                                            "\" answers now, not \"", server_uid_,
                                            "\" whose binlog is being read"));
  }
  const std::lock_guard lock(mutex_);
  if (interrupted_) return absl::UnavailableError("interrupted");
  session_ = std::move(session);
  return absl::OkStatus();
}

absl::StatusOr<std::string> HeadReader::Read() {
  if (session_ == nullptr) FUNDGATE_RETURN_IF_ERROR(Connect());
  const absl::StatusOr<std::vector<ResultRow>> rows = session_->Query(kHeadQuery);
  if (!rows.ok()) {
    const std::lock_guard lock(mutex_);
    session_ = nullptr;
    return rows.status();
  }
  const ResultRow& row = rows->front();
  if (IsReadOnly({{"read_only", row[1].value_or("")}})) {
    return absl::FailedPreconditionError(
        absl::StrCat(endpoint_.ToString(), " is read_only now: it isn't the primary any more"));
  }
  if (row[2] != "1") {
    return absl::FailedPreconditionError(
        absl::StrCat(endpoint_.ToString(), " has another sync_binlog than 1 now: a crash could ",
                     "take back what was read"));
  }
  return row[0].value_or("");
}

void HeadReader::Interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  if (session_ != nullptr) session_->Interrupt();
}

}  // namespace fundgate::sources
