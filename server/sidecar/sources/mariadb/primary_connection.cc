#include "server/sidecar/sources/mariadb/primary_connection.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::sources {
namespace {

// Its second column is the name.
const char* UidQuery(Flavor flavor) {
  return flavor == Flavor::kMariadb ? "SHOW GLOBAL VARIABLES LIKE 'server_uid'"
                                    : "SHOW GLOBAL VARIABLES LIKE 'server_uuid'";
}

}  // namespace

absl::StatusOr<std::string> ReadServerUid(MariadbSession& session, Flavor flavor) {
  FUNDGATE_ASSIGN_OR_RETURN(const std::vector<ResultRow> rows, session.Query(UidQuery(flavor)));
  return rows.empty() || rows[0].size() != 2 ? "" : rows[0][1].value_or("");
}

PrimaryConnection::PrimaryConnection(Endpoint endpoint, Login login, std::string server_uid,
                                     Flavor flavor, std::vector<std::string> statements)
    : endpoint_(std::move(endpoint)),
      login_(std::move(login)),
      server_uid_(std::move(server_uid)),
      flavor_(flavor),
      statements_(std::move(statements)) {}

absl::StatusOr<MariadbSession*> PrimaryConnection::Get() {
  if (session_ != nullptr) return session_.get();
  FUNDGATE_ASSIGN_OR_RETURN(std::unique_ptr<MariadbSession> session,
                            MariadbSession::Connect(endpoint_, login_));
  FUNDGATE_ASSIGN_OR_RETURN(const std::string uid, ReadServerUid(*session, flavor_));
  if (uid != server_uid_) {
    return absl::DataLossError(absl::StrCat("at ", endpoint_.ToString(), " server \"", uid,
                                            "\" answers now, not \"", server_uid_,
                                            "\" whose binlog is being read"));
  }
  for (const std::string& statement : statements_) {
    FUNDGATE_RETURN_IF_ERROR(session->Query(statement).status());
  }
  const std::lock_guard lock(mutex_);
  if (interrupted_) return absl::UnavailableError("interrupted");
  session_ = std::move(session);
  return session_.get();
}

void PrimaryConnection::Close() {
  const std::lock_guard lock(mutex_);
  session_ = nullptr;
}

void PrimaryConnection::Interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  if (session_ != nullptr) session_->Interrupt();
}

}  // namespace fundgate::sources
