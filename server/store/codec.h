// The byte form of values: one description of a record's fields serves writing and reading.
//
// Integers are varints (LEB128), signed ones zigzag first; strings, lists and maps carry their
// length; optionals a byte; variants their index; times and durations are nanoseconds. A record
// begins with a version byte where it is stored (see records.h), so fields may be added later with
// Decoder::version() deciding whether they are there.
#ifndef SERVER_STORE_CODEC_H_
#define SERVER_STORE_CODEC_H_

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "fundgate/types/currency.h"
#include "fundgate/types/ids.h"
#include "fundgate/types/money.h"
#include "fundgate/types/position.h"
#include "fundgate/types/text.h"

namespace fundgate::store {

// Written into every record. Raise it when a record gains fields; its description then asks
// version() whether they are there. 2: origins of events. 3: shadow
// reasons of decisions, images of facts. 4: ages of rules, successes and hours of windows, holds,
// reviews, groups, tables of sightings. 5: doubts about rows, runs that read tables anew, and what
// happened before go-live; what breakers count and try, plans and leases. 6: parts of transactions.
inline constexpr uint8_t kRecordVersion = 6;

template <typename T>
concept Number = std::is_integral_v<T> && !std::is_same_v<T, bool>;
template <typename T>
concept Enumeration = std::is_enum_v<T>;

inline int64_t NanosOf(absl::Time time) {
  if (time == absl::InfinitePast()) return std::numeric_limits<int64_t>::min();
  if (time == absl::InfiniteFuture()) return std::numeric_limits<int64_t>::max();
  return absl::ToUnixNanos(time);
}
inline absl::Time TimeOf(int64_t nanos) {
  if (nanos == std::numeric_limits<int64_t>::min()) return absl::InfinitePast();
  if (nanos == std::numeric_limits<int64_t>::max()) return absl::InfiniteFuture();
  return absl::FromUnixNanos(nanos);
}

// Appends values to a string, as records of that version have them. Never fails.
template <uint8_t kVersion>
class EncoderOf {
 public:
  static constexpr bool kWrites = true;

  explicit EncoderOf(std::string& out) : out_(out) {}

  template <typename... Values>
  void operator()(const Values&... values) {
    (Put(values), ...);
  }

  static constexpr uint8_t version() { return kVersion; }

 private:
  void PutVarint(uint64_t value) {
    std::array<char, 10> bytes{};
    size_t size = 0;
    for (; value >= 0x80; value >>= 7U) bytes[size++] = static_cast<char>(value | 0x80U);
    bytes[size++] = static_cast<char>(value);
    out_.append(bytes.data(), size);
  }
  void PutText(std::string_view text) {
    PutVarint(text.size());
    out_.append(text);
  }

  void Put(bool value) { out_.push_back(value ? 1 : 0); }
  template <Number T>
  void Put(T value) {
    if constexpr (std::is_signed_v<T>) {
      const auto wide = static_cast<int64_t>(value);
      PutVarint((static_cast<uint64_t>(wide) << 1U) ^ static_cast<uint64_t>(wide >> 63));
    } else {
      PutVarint(value);
    }
  }
  template <Enumeration T>
  void Put(T value) {
    PutVarint(static_cast<uint64_t>(value));
  }
  void Put(const std::string& text) { PutText(text); }
  void Put(std::string_view text) { PutText(text); }
  template <typename Tag>
  void Put(const Name<Tag>& name) {
    Put(name.value());
  }
  void Put(absl::Time time) { Put(NanosOf(time)); }
  void Put(absl::Duration duration) { Put(absl::ToInt64Nanoseconds(duration)); }
  void Put(const Currency& currency) { PutText(currency.code()); }
  void Put(const Money& money) { (*this)(money.currency, money.minor_units); }
  void Put(const Position& position) { Put(position.ToString()); }
  void Put(const absl::Status& status) {
    (*this)(static_cast<int32_t>(status.code()), std::string(ToStd(status.message())));
  }
  template <typename T>
  void Put(const std::optional<T>& value) {
    Put(value.has_value());
    if (value.has_value()) Put(*value);
  }
  template <typename A, typename B>
  void Put(const std::pair<A, B>& pair) {
    (*this)(pair.first, pair.second);
  }
  template <typename T>
  void Put(const std::vector<T>& list) {
    PutVarint(list.size());
    for (const T& element : list) Put(element);
  }
  template <typename T, size_t kInline>
  void Put(const absl::InlinedVector<T, kInline>& list) {
    PutVarint(list.size());
    for (const T& element : list) Put(element);
  }
  template <typename K, typename V>
  void Put(const absl::btree_map<K, V>& map) {
    PutVarint(map.size());
    for (const auto& [key, value] : map) (*this)(key, value);
  }
  template <typename... Kinds>
  void Put(const std::variant<Kinds...>& value) {
    PutVarint(value.index());
    std::visit([this](const auto& kind) { this->Put(kind); }, value);
  }
  template <typename Record>
  requires std::is_class_v<Record>
  void Put(const Record& record) { Fields(*this, record); }

  std::string& out_;
};

// What a gate writes. Older versions are written by tests alone.
using Encoder = EncoderOf<kRecordVersion>;

// Reads values from bytes. After the first thing that can't be read, everything reads as its
// default and ok() is false. Never reads past the end, never allocates more than the bytes hold.
class Decoder {
 public:
  static constexpr bool kWrites = false;

  explicit Decoder(std::string_view bytes, uint8_t version = kRecordVersion)
      : rest_(bytes), version_(version) {}

  template <typename... Values>
  void operator()(Values&... values) {
    (Get(values), ...);
  }

  bool ok() const { return ok_; }
  // True if everything was read and nothing is left.
  bool complete() const { return ok_ && rest_.empty(); }
  uint8_t version() const { return version_; }
  // What was read can't be what it says.
  void Fail() { ok_ = false; }

 private:
  uint64_t GetVarint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  // A count of elements, each of which takes a byte at least.
  size_t GetCount() {
    const uint64_t count = GetVarint();
    if (count > rest_.size()) ok_ = false;
    return ok_ ? static_cast<size_t>(count) : 0;
  }

  void Get(bool& value) { value = GetVarint() != 0; }
  template <Number T>
  void Get(T& value) {
    const uint64_t raw = GetVarint();
    if constexpr (std::is_signed_v<T>) {
      const auto wide = static_cast<int64_t>((raw >> 1U) ^ (0U - (raw & 1U)));
      value = static_cast<T>(wide);
      if (static_cast<int64_t>(value) != wide) ok_ = false;
    } else {
      value = static_cast<T>(raw);
      if (static_cast<uint64_t>(value) != raw) ok_ = false;
    }
  }
  template <Enumeration T>
  void Get(T& value) {
    std::underlying_type_t<T> raw{};
    Get(raw);
    value = static_cast<T>(raw);
  }
  void Get(std::string& text) {
    const size_t size = GetCount();
    text.assign(rest_.substr(0, size));
    rest_.remove_prefix(size);
  }
  template <typename Tag>
  void Get(Name<Tag>& name) {
    std::string text;
    Get(text);
    name = Name<Tag>(std::move(text));
  }
  void Get(absl::Time& time) {
    int64_t nanos = 0;
    Get(nanos);
    time = TimeOf(nanos);
  }
  void Get(absl::Duration& duration) {
    int64_t nanos = 0;
    Get(nanos);
    duration = absl::Nanoseconds(nanos);
  }
  void Get(Currency& currency) {
    std::string code;
    Get(code);
    if (code.empty()) return void(currency = Currency());
    const absl::StatusOr<Currency> known = Currency::FromCode(code);
    if (!known.ok()) return void(ok_ = false);
    currency = *known;
  }
  void Get(Money& money) { (*this)(money.currency, money.minor_units); }
  void Get(Position& position) {
    std::string text;
    Get(text);
    absl::StatusOr<Position> parsed = Position::Parse(text);
    if (!parsed.ok()) return void(ok_ = false);
    position = *std::move(parsed);
  }
  void Get(absl::Status& status) {
    int32_t code = 0;
    std::string message;
    (*this)(code, message);
    status = absl::Status(static_cast<absl::StatusCode>(code), message);
  }
  template <typename T>
  void Get(std::optional<T>& value) {
    bool present = false;
    Get(present);
    value.reset();
    if (present) Get(value.emplace());
  }
  template <typename A, typename B>
  void Get(std::pair<A, B>& pair) {
    (*this)(pair.first, pair.second);
  }
  template <typename T>
  void Get(std::vector<T>& list) {
    const size_t count = GetCount();
    list.clear();
    for (size_t i = 0; i < count && ok_; ++i) Get(list.emplace_back());
  }
  template <typename T, size_t kInline>
  void Get(absl::InlinedVector<T, kInline>& list) {
    const size_t count = GetCount();
    list.clear();
    for (size_t i = 0; i < count && ok_; ++i) Get(list.emplace_back());
  }
  template <typename K, typename V>
  void Get(absl::btree_map<K, V>& map) {
    const size_t count = GetCount();
    map.clear();
    for (size_t i = 0; i < count && ok_; ++i) {
      std::pair<K, V> entry;
      Get(entry);
      map.insert(std::move(entry));
    }
  }
  template <typename... Kinds>
  void Get(std::variant<Kinds...>& value) {
    GetKind(value, GetVarint(), std::index_sequence_for<Kinds...>());
  }
  template <typename Variant, size_t... Index>
  void GetKind(Variant& value, uint64_t wanted, std::index_sequence<Index...>) {
    const bool known =
        ((wanted == Index ? (Get(value.template emplace<Index>()), true) : false) || ...);
    if (!known) ok_ = false;
  }
  template <typename Record>
  requires std::is_class_v<Record>
  void Get(Record& record) { Fields(*this, record); }

  std::string_view rest_;
  uint8_t version_;
  bool ok_ = true;
};

// What a description of fields takes: the record itself for reading, a constant one for writing.
template <typename Archive, typename Record>
using FieldsOf = std::conditional_t<Archive::kWrites, const Record, Record>;

}  // namespace fundgate::store

#endif  // SERVER_STORE_CODEC_H_
