// Where the records of each stored kind lie: their column family, and their keys, bytes that sort
// as the ids do. Kinds without a word here lie in `records`, behind their letter.
#ifndef SERVER_STORE_RECORD_PLACES_H_
#define SERVER_STORE_RECORD_PLACES_H_

#include <optional>
#include <string>
#include <string_view>

#include "server/core/record_kinds.h"
#include "server/store/database.h"
#include "server/store/fields.h"
#include "server/store/keys.h"

namespace fundgate::store {

template <typename Kind>
struct PlaceOf {
  static constexpr Table kTable = kRecords;
  // What the keys of all of them begin with.
  static std::string Prefix() { return std::string(1, Kind::kLetter); }
  static std::string Key(const typename Kind::Id& id) {
    std::string key = Prefix();
    KeyWriter write(key);
    write(id);
    return key;
  }
  // Nothing for bytes that are no such key.
  static std::optional<typename Kind::Id> Parse(std::string_view key) {
    if (key.empty() || key.front() != Kind::kLetter) return std::nullopt;
    KeyReader read(key.substr(1));
    typename Kind::Id id;
    read(id);
    return read.complete() ? std::optional(std::move(id)) : std::nullopt;
  }
};

template <>
struct PlaceOf<core::Books> {
  static constexpr Table kTable = kBooks;
  static std::string Prefix() { return {}; }
  static std::string Key(const core::BookId& id) { return BookKey(id); }
  static std::optional<core::BookId> Parse(std::string_view key) { return ParseBookKey(key); }
};

template <>
struct PlaceOf<core::Families> {
  static constexpr Table kTable = kFamilies;
  static std::string Prefix() { return {}; }
  static std::string Key(const core::FamilyId& id) { return FamilyKey(id); }
  static std::optional<core::FamilyId> Parse(std::string_view key) { return ParseFamilyKey(key); }
};

template <>
struct PlaceOf<core::Keys> {
  static constexpr Table kTable = kKeys;
  static std::string Prefix() { return {}; }
  static std::string Key(const core::KeyId& id) { return MovementKey(id); }
  static std::optional<core::KeyId> Parse(std::string_view key) { return ParseMovementKey(key); }
};

template <>
struct PlaceOf<core::Violations> {
  static constexpr Table kTable = kViolations;
  static std::string Prefix() { return {}; }
  static std::string Key(const std::string& id) { return id; }
  static std::optional<std::string> Parse(std::string_view key) { return std::string(key); }
};

template <>
struct PlaceOf<core::Timers> {
  static constexpr Table kTable = kTimers;
  static std::string Prefix() { return {}; }
  static std::string Key(const core::Timer& id) { return TimerKey(id); }
  static std::optional<core::Timer> Parse(std::string_view key) { return ParseTimerKey(key); }
};

}  // namespace fundgate::store

#endif  // SERVER_STORE_RECORD_PLACES_H_
