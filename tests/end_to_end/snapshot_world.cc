#include "tests/end_to_end/snapshot_world.h"

#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/sidecar/sources/mariadb/mariadb_session.h"

namespace fundgate::end_to_end {
namespace {

// As the payment service does: who else changes rows is caught. MySQL's sessions have no such id.
constexpr char kAsService[] = "SET SESSION server_id = 77";

// A row for each of the numbers below 10,000, of a MySQL, which has no sequences.
constexpr char kDigits[] =
    "(SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION "
    "SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)";

}  // namespace

WorldSettings AllTables() {
  WorldSettings settings = WorkedExample();
  for (const char* table :
       {"chargeback (case_no VARCHAR(64) PRIMARY KEY, merchant_id VARCHAR(64), order_no "
        "VARCHAR(64), amount DECIMAL(18,2), status VARCHAR(16))",
        "settlement_item (settlement_no VARCHAR(64), item_no INT UNSIGNED, merchant_id "
        "VARCHAR(64), order_no VARCHAR(64), gross_fen BIGINT, fee_fen BIGINT, status VARCHAR(16), "
        "PRIMARY KEY (settlement_no, item_no))",
        "cash_out (id BIGINT AUTO_INCREMENT PRIMARY KEY, cash_out_no VARCHAR(64), merchant_id "
        "VARCHAR(64), amount DECIMAL(18,2), status VARCHAR(16))",
        "sales_order (order_no VARCHAR(64) PRIMARY KEY, merchant_id VARCHAR(64), status "
        "VARCHAR(16), paid_amount DECIMAL(18,2))",
        "balance_entry (entry_no BIGINT PRIMARY KEY, merchant_id VARCHAR(64), amount "
        "DECIMAL(18,2), balance DECIMAL(18,2))",
        "payment_v2 (payment_no VARCHAR(64) PRIMARY KEY, merchant_id VARCHAR(64), order_no "
        "VARCHAR(64), amount_fen BIGINT)",
        "bank_payout (cash_out_no VARCHAR(64) PRIMARY KEY, merchant_id VARCHAR(64), amount "
        "DECIMAL(18,2))",
        "bid (bid_no VARCHAR(64) PRIMARY KEY, merchant_id VARCHAR(64), item_no VARCHAR(64), price "
        "DECIMAL(18,2), market_price DECIMAL(18,2))"}) {
    settings.tables.push_back(absl::StrCat("CREATE TABLE pay.", table));
  }
  return settings;
}

WorldSettings BeginningWithSnapshot() {
  WorldSettings settings = AllTables();
  settings.replacements["user: fundgate,"] = "user: fundgate, start: snapshot,";
  return settings;
}

SnapshotWorld::SnapshotWorld(const WorldSettings& settings)
    : SidecarWorld(settings), is_mysql_(settings.kind == mariadb_testing::Kind::kMysql) {
  if (!is_mysql_) database().Execute(kAsService);
}

v1::Snapshot SnapshotWorld::Want(std::vector<std::string> tables, bool begin_anew, bool history) {
  v1::ResnapshotSourceRequest request;
  request.set_begin_anew(begin_anew);
  request.set_history(history);
  request.set_source("pay_db");
  for (std::string& table : tables) request.add_tables(std::move(table));
  request.set_actor("ann");
  request.set_reason("to heal");
  grpc::ClientContext context;
  v1::ResnapshotSourceResponse response;
  const auto channel = grpc::CreateChannel(gate_address(), grpc::InsecureChannelCredentials());
  const grpc::Status status =
      v1::Sources::NewStub(channel)->ResnapshotSource(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.snapshot();
}

v1::Snapshot SnapshotWorld::AwaitRun(v1::SnapshotState state) {
  EXPECT_TRUE(Await([this, state] { return Source().snapshot().state() == state; }))
      << Source().DebugString();
  return Source().snapshot();
}

void SnapshotWorld::ExpectTruth(int orders) {
  AwaitApplied();
  for (int order = 0; order < orders; ++order) {
    const std::string name = absl::StrCat("o", order);
    const auto sum = database().Query(absl::StrCat(
        "SELECT CAST(COALESCE(SUM(amount) * 100, 0) AS SIGNED) FROM pay.payment WHERE status = "
        "'SUCCESS' AND order_no = '",
        name, "'"));
    ASSERT_TRUE(sum.ok()) << sum.status();
    const auto is_true = [&] {
      return absl::StrCat(Posted(name, "paid")) == (*sum)[0][0].value_or("");
    };
    // Without GTIDs there was nothing to wait for.
    EXPECT_TRUE(Head().empty() ? Await(is_true) : is_true())
        << name << ": " << Posted(name, "paid") << ", not " << (*sum)[0][0].value_or("");
  }
}

void SnapshotWorld::WritePayments(int from, int to, int orders) {
  const std::string numbers =
      is_mysql_ ? absl::StrCat("(SELECT a.d * 1000 + b.d * 100 + c.d * 10 + e.d AS seq FROM ",
                               kDigits, " a, ", kDigits, " b, ", kDigits, " c, ", kDigits, " e) n ",
                               "WHERE seq BETWEEN ", from, " AND ", to)
                : absl::StrCat("pay.seq_", from, "_to_", to);
  database().Execute(
      absl::StrCat("INSERT INTO pay.payment (payment_no, merchant_id, order_no, amount, status) ",
                   "SELECT CONCAT('p', seq), 'm1', CONCAT('o', seq MOD ", orders,
                   "), 1.00 + (seq MOD 7), 'SUCCESS' FROM ", numbers));
}

Business::Business(const SidecarWorld& world, uint16_t port, int orders, int number)
    : is_mysql_(world.kind() == mariadb_testing::Kind::kMysql),
      thread_([this, port, orders, number] { Run(port, orders, number); }) {}

void Business::Stop() {
  stopped_ = true;
  if (thread_.joinable()) thread_.join();
}

void Business::Run(uint16_t port, int orders, int number) {
  const auto session = sources::MariadbSession::Connect({"127.0.0.1", port}, {.user = "app"});
  ASSERT_TRUE(session.ok()) << session.status();
  if (!is_mysql_) {
    EXPECT_TRUE((*session)->Query(kAsService).ok());
  }
  for (int i = 0; !stopped_; ++i) {
    const int step = i * 10 + number;
    const std::string key = absl::StrCat("'b", number, "-", i, "'");
    for (const std::string& sql :
         {absl::StrCat("INSERT INTO pay.payment (payment_no, merchant_id, order_no, amount, ",
                       "status) VALUES (", key, ", 'm1', 'o", step % orders, "', 3.00, 'SUCCESS')"),
          absl::StrCat("UPDATE pay.payment SET amount = amount + 1 WHERE payment_no = 'p",
                       1 + (step * 37) % 4000, "'"),
          absl::StrCat("UPDATE pay.payment SET order_no = 'o", (step + 1) % orders,
                       "' WHERE payment_no = 'p", 1 + (step * 91) % 4000, "'"),
          absl::StrCat("DELETE FROM pay.payment WHERE payment_no = 'p", 1 + (step * 53) % 4000,
                       "'"),
          std::string("START TRANSACTION"),
          absl::StrCat("UPDATE pay.payment SET amount = amount + 2 WHERE payment_no = ", key),
          std::string(i % 3 == 0 ? "ROLLBACK" : "COMMIT")}) {
      const auto done = (*session)->Query(sql);
      EXPECT_TRUE(done.ok()) << done.status();
    }
  }
}

}  // namespace fundgate::end_to_end
