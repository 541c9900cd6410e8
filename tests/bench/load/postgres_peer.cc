#include <libpq-fe.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/bench/load/peer.h"

namespace fundgate::bench {
namespace {

constexpr char kStatement[] = "check";

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Connection = std::unique_ptr<PGconn, Finish>;

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using QueryResult = std::unique_ptr<PGresult, Clear>;

class PostgresPeer final : public Peer {
 public:
  explicit PostgresPeer(Connection connection) : connection_(std::move(connection)) {}

  int descriptor() const override { return PQsocket(connection_.get()); }

  absl::Status Ask(const Movement& movement) override {
    const std::string account(movement.account);
    const std::string order(movement.order);
    const std::string amount = absl::StrCat(kRefund);
    const char* values[] = {movement.key.c_str(), account.c_str(), order.c_str(), amount.c_str()};
    if (PQsendQueryPrepared(connection_.get(), kStatement, 4, values, nullptr, nullptr, 0) == 0 ||
        PQflush(connection_.get()) != 0) {
      return Error();
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Hear() override {
    if (PQconsumeInput(connection_.get()) == 0) return Error();
    while (PQisBusy(connection_.get()) == 0) {
      const QueryResult result(PQgetResult(connection_.get()));
      if (result == nullptr) return std::exchange(answer_, {});
      if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return Error();
      answer_ = PQgetvalue(result.get(), 0, 0);
    }
    return std::string();
  }

 private:
  absl::Status Error() const { return absl::UnavailableError(PQerrorMessage(connection_.get())); }

  Connection connection_;
  std::string answer_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Peer>> ConnectPostgres(const std::string& host, uint16_t port) {
  const std::string settings =
      absl::StrCat("host=", host, " port=", port, " user=bench dbname=bench sslmode=disable");
  Connection connection(PQconnectdb(settings.c_str()));
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    return absl::UnavailableError(PQerrorMessage(connection.get()));
  }
  const QueryResult prepared(
      PQprepare(connection.get(), kStatement, "SELECT check_refund($1, $2, $3, $4)", 4, nullptr));
  if (PQresultStatus(prepared.get()) != PGRES_COMMAND_OK) {
    return absl::FailedPreconditionError(PQerrorMessage(connection.get()));
  }
  PQsetnonblocking(connection.get(), 1);
  return std::make_unique<PostgresPeer>(std::move(connection));
}

}  // namespace fundgate::bench
