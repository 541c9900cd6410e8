// What a reader of messages tells, as text, for tests.
#ifndef TESTS_ENVELOPE_TOLD_H_
#define TESTS_ENVELOPE_TOLD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/sidecar/envelope/message_reader.h"

namespace fundgate::envelope::testing {

// A value with its kind: "int 5", "decimal 12.30", "text a", "null", "absent", "unreadable why".
std::string ToText(const binlog::Value& value);

// Writes down what it hears, a line each:
//   begin ID by SERVER at SECONDS
//   insert pay.refund #0 amount=decimal 12.30 status=text SUCCESS
//   update pay.refund #0 [BEFORE] amount=... status=...
//   unreadable pay.refund REASON
//   end
// The column without a name, a plain message's identity, is called "*".
class Notes final : public binlog::TransactionListener {
 public:
  std::vector<std::string> lines;
  std::vector<std::string> keys;  // of each row after (before, of a deletion): values by commas

  absl::Status OnBegin(const binlog::TransactionHead& head) override;
  absl::Status OnRow(const binlog::RowChange& row) override;
  absl::Status OnStatement(std::string_view database, std::string_view sql) override;
  absl::Status OnUnreadable(const binlog::Unreadable& unreadable) override;
  absl::Status OnEnd(binlog::TransactionEnd end) override;
};

// What is told of one message at offset 17 of orders/3, produced at second 1000.
Notes Hear(const TopicSettings& settings, std::optional<std::string_view> value,
           int64_t offset = 17);

// All lines but the begin and the end.
std::vector<std::string> Rows(const Notes& notes);

}  // namespace fundgate::envelope::testing

#endif  // TESTS_ENVELOPE_TOLD_H_
