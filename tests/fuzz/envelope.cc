// Messages of topics: any bytes as a message of each kind of envelope.
//
// The first byte chooses the envelope; the rest is the message.
#include <iterator>

#include "server/sidecar/envelope/message_reader.h"
#include "tests/fuzz/fuzzer.h"

namespace fundgate::fuzz {
namespace {

using binlog::Value;
using envelope::EnvelopeKind;

// Holds a reader of messages to its promises: each message is one transaction.
class MessagePromises : public binlog::TransactionListener {
 public:
  absl::Status OnBegin(const binlog::TransactionHead& head) override {
    Expect(begun_++ == 0 && !head.id.empty(), "a message is one transaction with a name");
    return absl::OkStatus();
  }
  absl::Status OnRow(const binlog::RowChange& row) override {
    Expect(begun_ == 1 && ended_ == 0, "rows come inside a transaction");
    ExpectImage(row.before, row);
    ExpectImage(row.after, row);
    return absl::OkStatus();
  }
  absl::Status OnStatement(std::string_view, std::string_view) override {
    Expect(false, "messages have no statements");
    return absl::OkStatus();
  }
  absl::Status OnUnreadable(const binlog::Unreadable& unreadable) override {
    Expect(begun_ == 1 && ended_ == 0, "what can't be read comes inside a transaction");
    Expect(!unreadable.reason.empty(), "what can't be read has a reason");
    return absl::OkStatus();
  }
  absl::Status OnEnd(binlog::TransactionEnd end) override {
    Expect(begun_ == 1 && ended_++ == 0 && end == binlog::TransactionEnd::kCommit,
           "a message ends once");
    return absl::OkStatus();
  }

  bool ended() const { return ended_ == 1; }

 private:
  static void ExpectImage(std::span<const Value> image, const binlog::RowChange& row) {
    Expect(image.empty() || image.size() == row.table->columns.size(),
           "an image has a value for each column, or isn't");
    for (const Value& value : image) {
      const std::string copied(value.text);  // reads all of it
      if (value.kind == Value::Kind::kUnreadable)
        Expect(!copied.empty(), "a value that can't be read has a reason");
    }
  }

  int begun_ = 0;
  int ended_ = 0;
};

envelope::TopicSettings SettingsOf(uint8_t choice) {
  envelope::TopicSettings settings;
  settings.rows = {{"pay.refund", {"id"}, {"amount", "status", "at"}}};
  settings.text_decimals = (choice & 4) != 0;
  switch (choice % 3) {
    case 0:
      settings.envelope = EnvelopeKind::kDebezium;
      break;
    case 1:
      settings.envelope = EnvelopeKind::kCanal;
      break;
    default:
      settings.envelope = EnvelopeKind::kJson;
      settings.columns = {{"amount", "/money/amount"}, {"status", "/state~1now/0"}};
  }
  return settings;
}

constexpr char kDebezium[] = R"({"schema": {"type": "struct", "fields": [
{"type": "struct", "field": "before", "fields": [{"type": "int64", "field": "id"}]},
{"type": "struct", "field": "after", "fields": [{"type": "int64", "field": "id"},
{"type": "bytes", "name": "org.apache.kafka.connect.data.Decimal", "parameters": {"scale": "2"},
"field": "amount"}, {"type": "string", "field": "status"},
{"type": "int64", "name": "io.debezium.time.Timestamp", "field": "at"}]}]},
"payload": {"op": "u", "before": {"id": 7}, "after": {"id": 7, "amount": "BNI=", "status": "OK",
"at": 1795168800123}, "source": {"db": "pay", "table": "refund", "server_id": 5,
"file": "b.1", "pos": 4, "row": 0, "ts_ms": 1795168800123}}})";

constexpr char kCanal[] = R"({"database": "pay", "table": "refund", "es": 1795168800000, "ts": 1,
"id": 9, "pkNames": ["id"], "sql": "", "sqlType": {"id": -5, "amount": 3, "status": 12, "at": 93},
"isDdl": false, "type": "UPDATE", "data": [{"id": "1", "amount": "12.30", "status": "OK",
"at": "2026-11-20 10:00:00"}], "old": [{"status": "NEW"}]})";

constexpr char kPlain[] =
    R"({"id": 18446744073709551615, "money": {"amount": "-1.50"}, "state/now": ["\u00e4"],
"at": null})";

}  // namespace

const size_t kInputMax = 2048;

void Run(Input input) {
  Choices in(input);
  const uint8_t choice = in.Byte();
  const Input rest = in.Rest();
  const std::string text(rest.begin(), rest.end());
  envelope::MessageReader reader(SettingsOf(choice));
  MessagePromises promises;
  const absl::Status read = reader.Read({"orders", 3, 17, 1'000'500, text}, promises);
  Expect(read.ok(), "a message that can't be read is told, and reading goes on");
  Expect(promises.ended(), "a message ends");
}

std::vector<std::string> Seeds() {
  return {std::string(1, '\0') + kDebezium, std::string(1, '\1') + kCanal,
          std::string(1, '\2') + kPlain,
          std::string(1, '\4') + R"({"op": "d", "before": {"id": 1, "amount": "1.00"},
"after": null, "source": {"schema": "pay", "table": "refund", "lsn": 24023128, "txId": 5}})",
          std::string(1, '\1') +
              R"({"database": "pay", "table": "refund", "type": "TRUNCATE", "isDdl": true})"};
}

}  // namespace fundgate::fuzz
