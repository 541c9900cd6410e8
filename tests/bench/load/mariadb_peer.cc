#include <mysql.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/bench/load/peer.h"

namespace fundgate::bench {
namespace {

struct Close {
  void operator()(MYSQL* connection) const { mysql_close(connection); }
};
using Connection = std::unique_ptr<MYSQL, Close>;

// Goes on with what the client library began, whenever the server has sent something.
class MariadbPeer final : public Peer {
 public:
  explicit MariadbPeer(Connection connection) : connection_(std::move(connection)) {}

  int descriptor() const override { return mysql_get_socket(connection_.get()); }

  absl::Status Ask(const Movement& movement) override {
    // None of these has a character that must be escaped.
    query_ =
        absl::StrCat("CALL check_refund('", movement.key, "', '", std::string(movement.account),
                     "', '", std::string(movement.order), "', ", kRefund, ")");
    step_ = Step::kQuery;
    awaits_ = mysql_real_query_start(&error_, connection_.get(), query_.c_str(), query_.size());
    // A question is small: it is sent at once, and only the answer is waited for.
    return Failed() ? Error() : absl::OkStatus();
  }

  bool HasReadAhead() const override { return awaits_ == 0; }

  absl::StatusOr<std::string> Hear() override {
    bool is_first = true;
    while (step_ != Step::kDone) {
      if (awaits_ != 0) {
        if (!is_first) return std::string();
        is_first = false;
        Continue();
        if (awaits_ != 0) return std::string();
      }
      if (Failed()) return Error();
      Advance();
    }
    return std::exchange(answer_, {});
  }

 private:
  enum class Step { kQuery, kStore, kNext, kDone };

  void Continue() {
    switch (step_) {
      case Step::kQuery:
        awaits_ = mysql_real_query_cont(&error_, connection_.get(), MYSQL_WAIT_READ);
        return;
      case Step::kStore:
        awaits_ = mysql_store_result_cont(&rows_, connection_.get(), MYSQL_WAIT_READ);
        return;
      case Step::kNext:
        awaits_ = mysql_next_result_cont(&error_, connection_.get(), MYSQL_WAIT_READ);
        return;
      case Step::kDone:
        return;
    }
  }

  // A step is done: begins the next.
  void Advance() {
    if (step_ == Step::kStore) {
      if (rows_ != nullptr) {
        const MYSQL_ROW row = mysql_fetch_row(rows_);
        if (row != nullptr && row[0] != nullptr) answer_ = row[0];
        mysql_free_result(rows_);
      }
      if (mysql_more_results(connection_.get()) == 0) {
        step_ = Step::kDone;
        return;
      }
      step_ = Step::kNext;
      awaits_ = mysql_next_result_start(&error_, connection_.get());
      return;
    }
    step_ = Step::kStore;
    awaits_ = mysql_store_result_start(&rows_, connection_.get());
  }

  bool Failed() const { return awaits_ == 0 && mysql_errno(connection_.get()) != 0; }
  absl::Status Error() const { return absl::UnavailableError(mysql_error(connection_.get())); }

  Connection connection_;
  std::string query_;
  Step step_ = Step::kDone;
  int awaits_ = 0;  // what the library waits for; 0: nothing
  int error_ = 0;
  MYSQL_RES* rows_ = nullptr;
  std::string answer_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Peer>> ConnectMariadb(const std::string& host, uint16_t port) {
  Connection connection(mysql_init(nullptr));
  mysql_options(connection.get(), MYSQL_OPT_NONBLOCK, nullptr);
  if (mysql_real_connect(connection.get(), host.c_str(), "bench", nullptr, "bench", port, nullptr,
                         CLIENT_MULTI_RESULTS) == nullptr) {
    return absl::UnavailableError(mysql_error(connection.get()));
  }
  return std::make_unique<MariadbPeer>(std::move(connection));
}

}  // namespace fundgate::bench
