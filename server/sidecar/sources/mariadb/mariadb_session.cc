#include "server/sidecar/sources/mariadb/mariadb_session.h"

#include <fcntl.h>
#include <mysql.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "server/sidecar/sources/mariadb/database_error.h"

namespace fundgate::sources {
namespace {

// The library counts in whole seconds.
unsigned Seconds(absl::Duration length) {
  return static_cast<unsigned>(
      absl::ToInt64Seconds(absl::Ceil(std::max(length, absl::Seconds(1)), absl::Seconds(1))));
}

void SetOptions(MYSQL* mysql, const Login& login) {
  const unsigned seconds = Seconds(login.timeout);
  mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
  mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &seconds);
  mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &seconds);
  mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  // Else "localhost" would mean a socket on this machine, whatever the port.
  const unsigned tcp = MYSQL_PROTOCOL_TCP;
  mysql_options(mysql, MYSQL_OPT_PROTOCOL, &tcp);
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "fundgate-sidecar");
  if (!login.tls.has_value()) return;
  const my_bool yes = 1;
  mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
  mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
  const auto set = [mysql](mysql_option option, const std::string& file) {
    if (!file.empty()) mysql_options(mysql, option, file.c_str());
  };
  set(MYSQL_OPT_SSL_CA, login.tls->ca_file);
  set(MYSQL_OPT_SSL_CERT, login.tls->cert_file);
  set(MYSQL_OPT_SSL_KEY, login.tls->key_file);
}

ResultRow ToRow(MYSQL_ROW columns, const unsigned long* lengths, unsigned count) {
  ResultRow row;
  row.reserve(count);
  for (unsigned i = 0; i < count; ++i) {
    if (columns[i] == nullptr) {
      row.emplace_back(std::nullopt);
    } else {
      row.emplace_back(std::string(columns[i], lengths[i]));
    }
  }
  return row;
}

}  // namespace

std::string Endpoint::ToString() const {
  return host.find(':') == std::string::npos ? absl::StrCat(host, ":", port)
                                             : absl::StrCat("[", host, "]:", port);
}

absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text) {
  const size_t colon = text.rfind(':');
  int port = 0;
  if (colon == std::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(ToAbsl(text.substr(colon + 1)), &port) || port < 1 || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", ToAbsl(text), "\" is no HOST:PORT, like 127.0.0.1:3306"));
  }
  absl::string_view host = ToAbsl(text.substr(0, colon));
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  return Endpoint{std::string(host), static_cast<uint16_t>(port)};
}

absl::StatusOr<std::unique_ptr<MariadbSession>> MariadbSession::Connect(const Endpoint& endpoint,
                                                                        const Login& login) {
  MYSQL* const mysql = mysql_init(nullptr);
  if (mysql == nullptr) return absl::ResourceExhaustedError("no memory for a connection");
  SetOptions(mysql, login);
  if (mysql_real_connect(mysql, endpoint.host.c_str(), login.user.c_str(), login.password.c_str(),
                         nullptr, endpoint.port, nullptr, 0) == nullptr) {
    const absl::Status status =
        DatabaseError(absl::StrCat("connecting to ", endpoint.ToString(), " as ", login.user),
                      mysql_errno(mysql), mysql_error(mysql));
    mysql_close(mysql);
    return status;
  }
  return std::unique_ptr<MariadbSession>(new MariadbSession(endpoint, mysql));
}

MariadbSession::MariadbSession(Endpoint endpoint, st_mysql* mysql)
    : endpoint_(std::move(endpoint)),
      mysql_(mysql),
      socket_(::fcntl(static_cast<int>(mysql_get_socket(mysql)), F_DUPFD_CLOEXEC, 0)) {}

MariadbSession::~MariadbSession() {
  mysql_close(mysql_);
  if (socket_ >= 0) ::close(socket_);
}

absl::StatusOr<std::vector<ResultRow>> MariadbSession::Query(const std::string& sql) {
  const auto failure = [this, &sql] {
    return DatabaseError(absl::StrCat("asking ", endpoint_.ToString(), " \"", sql, "\""),
                         mysql_errno(mysql_), mysql_error(mysql_));
  };
  if (mysql_real_query(mysql_, sql.data(), sql.size()) != 0) return failure();
  MYSQL_RES* const result = mysql_store_result(mysql_);
  std::vector<ResultRow> rows;
  if (result == nullptr) {
    if (mysql_errno(mysql_) != 0) return failure();
    return rows;
  }
  const absl::Cleanup free_it = [result] { mysql_free_result(result); };
  const unsigned count = mysql_num_fields(result);
  while (MYSQL_ROW columns = mysql_fetch_row(result)) {
    rows.push_back(ToRow(columns, mysql_fetch_lengths(result), count));
  }
  return rows;
}

absl::StatusOr<std::vector<ResultRow>> MariadbSession::QuerySome(const std::string& sql,
                                                                 size_t bytes_max, bool& was_cut) {
  const auto failure = [this, &sql] {
    return DatabaseError(absl::StrCat("asking ", endpoint_.ToString(), " \"", sql, "\""),
                         mysql_errno(mysql_), mysql_error(mysql_));
  };
  was_cut = false;
  if (mysql_real_query(mysql_, sql.data(), sql.size()) != 0) return failure();
  MYSQL_RES* const result = mysql_use_result(mysql_);
  if (result == nullptr) return failure();
  // It would read all that is left, unless there is nobody to read from.
  const absl::Cleanup free_it = [this, result, &was_cut] {
    if (was_cut) Interrupt();
    mysql_free_result(result);
  };
  const unsigned count = mysql_num_fields(result);
  std::vector<ResultRow> rows;
  size_t bytes = 0;
  while (MYSQL_ROW columns = mysql_fetch_row(result)) {
    const unsigned long* const lengths = mysql_fetch_lengths(result);
    for (unsigned i = 0; i < count; ++i) bytes += lengths[i];
    rows.push_back(ToRow(columns, lengths, count));
    if (bytes < bytes_max) continue;
    was_cut = true;
    return rows;
  }
  if (mysql_errno(mysql_) != 0) return failure();
  return rows;
}

absl::StatusOr<std::string> MariadbSession::QueryValue(const std::string& sql) {
  FUNDGATE_ASSIGN_OR_RETURN(const std::vector<ResultRow> rows, Query(sql));
  if (rows.size() != 1 || rows[0].size() != 1) {
    return absl::InternalError(
        absl::StrCat("asking ", endpoint_.ToString(), " \"", sql, "\": expected one value"));
  }
  return rows[0][0].value_or("");
}

void MariadbSession::Interrupt() {
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

}  // namespace fundgate::sources
