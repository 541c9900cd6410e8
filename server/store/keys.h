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

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/core/changes.h"
#include "server/core/records.h"

namespace fundgate::store {

std::string SequenceKey(Sequence sequence);
std::optional<Sequence> ParseSequenceKey(std::string_view key);

std::string BookKey(const core::BookId& id);
std::string FamilyKey(const core::FamilyId& id);
std::string MovementKey(const core::KeyId& id);

// Sorts by time, then by key.
std::string TimerKey(const core::Timer& timer);
// Every timer at or before `time` sorts before this.
std::string TimersAfter(absl::Time time);

// Sorts by state, then by time, then by key.
std::string HoldKey(const core::HoldEntry& entry);
// Every hold of that state sorts after this.
std::string HoldsOf(core::HoldState state);

// The inverse functions return nothing for bytes that are no such key.
std::optional<core::BookId> ParseBookKey(std::string_view key);
std::optional<core::FamilyId> ParseFamilyKey(std::string_view key);
std::optional<core::KeyId> ParseMovementKey(std::string_view key);
std::optional<core::Timer> ParseTimerKey(std::string_view key);
std::optional<core::HoldEntry> ParseHoldKey(std::string_view key);

}  // namespace fundgate::store

#endif  // SERVER_STORE_KEYS_H_
