// A listener that writes down what it hears.
#ifndef TESTS_DECODER_TRACE_H_
#define TESTS_DECODER_TRACE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/sidecar/binlog/transaction.h"

namespace fundgate::decoder_testing {

// A value as SELECT prints it; an empty optional is NULL, "(absent)" what the image doesn't have.
std::optional<std::string> ValueText(const binlog::Value& value);

// One line a call: "begin 0-1-5", "insert d.t a=1 b=NULL", "update d.t a=1 -> a=2",
// "statement CREATE TABLE t(a INT)", "unreadable rows d.t", "end commit". Columns without a name
// are @1, @2...; absent ones are left out.
class Trace : public binlog::TransactionListener {
 public:
  absl::Status OnBegin(const binlog::TransactionHead& head) override;
  absl::Status OnRow(const binlog::RowChange& row) override;
  absl::Status OnStatement(std::string_view database, std::string_view sql) override;
  absl::Status OnUnreadable(const binlog::Unreadable& unreadable) override;
  absl::Status OnEnd(binlog::TransactionEnd end) override;

  std::vector<std::string> lines;
  std::vector<binlog::TransactionHead> heads;
  std::vector<std::string> annotations;  // of each row
  std::vector<std::string> reasons;      // of each unreadable thing
  std::vector<uint32_t> indexes;         // of each row
  absl::Status answer;                   // to every call
};

}  // namespace fundgate::decoder_testing

#endif  // TESTS_DECODER_TRACE_H_
