// From messages to transactions and rows, as a binlog tells them.
#ifndef SERVER_SIDECAR_ENVELOPE_MESSAGE_READER_H_
#define SERVER_SIDECAR_ENVELOPE_MESSAGE_READER_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/sidecar/binlog/arena.h"
#include "server/sidecar/binlog/table.h"
#include "server/sidecar/binlog/transaction.h"
#include "server/sidecar/envelope/json.h"
#include "server/sidecar/envelope/message.h"

namespace fundgate::envelope {

enum class EnvelopeKind : uint8_t { kJson, kDebezium, kCanal };

// What a topic's messages are.
struct TopicSettings {
  struct Rows {
    std::string table;                 // "pay.refund"
    std::vector<std::string> key;      // the columns that tell its rows apart
    std::vector<std::string> columns;  // those that are read
  };

  EnvelopeKind envelope = EnvelopeKind::kJson;
  std::vector<Rows> rows;                      // of kJson one
  std::map<std::string, std::string> columns;  // of kJson: see ReadPlain()
  bool text_decimals = false;                  // of kDebezium: see ReadDebezium()
};

// Reads the messages of one topic: each is one transaction, also if it says nothing. Tables have
// the columns that are read, and those of their keys; of plain messages one more, without a name,
// that belongs to the key: with key columns a hash of what is read, so that the same message again
// is the same row and another one under the same key is another; without them where it stands.
//
// A message that can't be read is told as unreadable, of its table if that is known, else of all
// tables of the topic. A tombstone says nothing: what a log's compaction forgets did happen.
//
// Used by one thread.
class MessageReader {
 public:
  explicit MessageReader(const TopicSettings& settings);

  // Tells the listener of one message, whose status is returned if it isn't ok.
  absl::Status Read(const Message& message, binlog::TransactionListener& listener);

  // Tells the listener that messages of the topic can't be read, as a transaction of that id.
  absl::Status TellLost(const std::string& id, const std::string& reason,
                        binlog::TransactionListener& listener) const;

 private:
  absl::StatusOr<Told> ReadEnvelope(const Json& json) const;
  absl::Status TellRows(const Message& message, const Told& told,
                        binlog::TransactionListener& listener);
  absl::Status TellRow(const Message& message, const ToldRow& row, uint32_t index,
                       binlog::TransactionListener& listener);
  absl::Status TellUnreadable(std::string_view table, const std::string& reason,
                              binlog::TransactionListener& listener) const;
  absl::StatusOr<std::vector<binlog::Value>> ReadImage(const binlog::Table& table,
                                                       const Image& image);
  void AddIdentity(const Message& message, const binlog::Table& table,
                   std::vector<binlog::Value>& image);

  const TopicSettings settings_;
  std::map<std::string, binlog::Table> tables_;  // by name: "pay.refund"
  binlog::Arena arena_;                          // texts of the newest row
};

}  // namespace fundgate::envelope

#endif  // SERVER_SIDECAR_ENVELOPE_MESSAGE_READER_H_
