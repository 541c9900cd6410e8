// Tables, rows and policies for tests of the mapping.
#ifndef TESTS_MAPPING_ROWS_H_
#define TESTS_MAPPING_ROWS_H_

#include <string>
#include <string_view>
#include <vector>

#include "fundgate/policy/v1/document.pb.h"
#include "fundgate/v1/event.pb.h"
#include "server/sidecar/binlog/transaction.h"
#include "server/sidecar/mapping/row_mapper.h"

namespace fundgate::mapping::testing {

// ---- Values; texts must outlive them ----
binlog::Value Absent();
binlog::Value Null();
binlog::Value Int(int64_t integer);
binlog::Value Uint(uint64_t integer);
binlog::Value Double(double real);
binlog::Value Text(std::string_view text);
binlog::Value Decimal(std::string_view text);
binlog::Value Bytes(std::string_view text);
binlog::Value Enum(std::string_view label, int64_t number);

// A table with all that binlog_row_metadata=FULL says; its first column is the primary key.
binlog::Table MakeTable(std::string database, std::string name, std::vector<std::string> columns);

// The document of a policy with the movements of the worked example and source pay_db, whose tables
// (and marker) are `tables` in YAML, indented by four blanks.
policy::v1::Document DocumentOf(std::string_view tables);

// The declaration of pay.refund that most tests use; it emits refund.
std::string_view RefundTable();

// The columns that it reads, and a note that it doesn't: id, refund_no, merchant_id, order_no,
// amount, status, note.
binlog::Table RefundsOf();
using Row = std::vector<binlog::Value>;
Row Refund(std::string_view status, std::string_view amount = "12.34");

// A mapper, and a transaction 0-1-7 of server 5 that it is in.
class Mapping {
 public:
  explicit Mapping(std::string_view tables = RefundTable());

  // The events of one row; the test fails if it is refused.
  std::vector<v1::Event> Insert(const binlog::Table& table, const Row& after);
  std::vector<v1::Event> Update(const binlog::Table& table, const Row& before, const Row& after);
  std::vector<v1::Event> Delete(const binlog::Table& table, const Row& before);
  // Why an inserted row is refused; empty if it isn't.
  std::string Refusal(const binlog::Table& table, const Row& after);

  RowMapper& mapper() { return mapper_; }
  void set_statement(std::string_view statement) { statement_ = statement; }

 private:
  std::vector<v1::Event> Append(const binlog::RowChange& row);

  RowMapper mapper_;
  uint32_t index_ = 0;
  std::string_view statement_;
};

// The events of a row that came (no `before`), changed or went (no `after`); the test fails if it
// is refused. The mapper is in a transaction.
std::vector<v1::Event> EventsOf(RowMapper& mapper, const binlog::Table& table, const Row& before,
                                const Row& after, uint32_t index, std::string_view statement = "");

// The only event's movement or gap; the test fails if there is another number or content.
v1::MovementEvent OnlyMovement(const std::vector<v1::Event>& events);
v1::Gap OnlyGap(const std::vector<v1::Event>& events);

}  // namespace fundgate::mapping::testing

#endif  // TESTS_MAPPING_ROWS_H_
