// Keys of the column families: bytes that sort as the things they name.
//
// Numbers and times are eight bytes, big-endian (times with the sign bit flipped). Names are
// escaped so that any bytes may occur and none is a prefix of another: 0x00 becomes 0x00 0xFF, and
// 0x00 0x01 ends the name.
#ifndef SERVER_STORE_KEYS_H_
#define SERVER_STORE_KEYS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/time/time.h"
#include "fundgate/types/currency.h"
#include "fundgate/types/ids.h"
#include "server/core/records.h"
#include "server/core/timer.h"

namespace fundgate::store {

std::string SequenceKey(Sequence sequence);
std::optional<Sequence> ParseSequenceKey(std::string_view key);

std::string BookKey(const core::BookId& id);
std::string FamilyKey(const core::FamilyId& id);
std::string MovementKey(const core::KeyId& id);

// Sorts by time, then by key.
std::string TimerKey(const core::Timer& timer);

// The inverse functions return nothing for bytes that are no such key.
std::optional<core::BookId> ParseBookKey(std::string_view key);
std::optional<core::FamilyId> ParseFamilyKey(std::string_view key);
std::optional<core::KeyId> ParseMovementKey(std::string_view key);
std::optional<core::Timer> ParseTimerKey(std::string_view key);

// Writes the fields of an id, described as those of a record, as a key.
class KeyWriter {
 public:
  static constexpr bool kWrites = true;

  explicit KeyWriter(std::string& key) : key_(key) {}

  template <typename... Values>
  void operator()(const Values&... values) {
    (Put(values), ...);
  }

 private:
  void Put(uint64_t number);
  void Put(absl::Time time);
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void Put(Enum value) { Put(static_cast<uint64_t>(value)); }
  void Put(const std::string& name);
  void Put(const Currency& currency) { Put(std::string(currency.code())); }
  template <typename Tag>
  void Put(const Name<Tag>& name) {
    Put(name.value());
  }
  template <typename Record>
  requires std::is_class_v<Record>
  void Put(const Record& record) { Fields(*this, record); }

  std::string& key_;
};

// Reads them back. After the first thing that is no such field, complete() is false.
class KeyReader {
 public:
  static constexpr bool kWrites = false;

  explicit KeyReader(std::string_view key) : rest_(key) {}

  template <typename... Values>
  void operator()(Values&... values) {
    (Get(values), ...);
  }

  // True if everything was read and nothing is left.
  bool complete() const { return ok_ && rest_.empty(); }

 private:
  void Get(uint64_t& number);
  void Get(absl::Time& time);
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void Get(Enum& value) {
    uint64_t number = 0;
    Get(number);
    value = static_cast<Enum>(number);
  }
  void Get(std::string& name);
  void Get(Currency& currency);
  template <typename Tag>
  void Get(Name<Tag>& name) {
    std::string text;
    Get(text);
    name = Name<Tag>(std::move(text));
  }
  template <typename Record>
  requires std::is_class_v<Record>
  void Get(Record& record) { Fields(*this, record); }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace fundgate::store

#endif  // SERVER_STORE_KEYS_H_
