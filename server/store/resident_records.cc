#include "server/store/resident_records.h"

#include <optional>
#include <utility>

#include "fundgate/types/status_macros.h"
#include "server/store/records.h"

namespace fundgate::store {
namespace {

// Letters are on disk.
constexpr char kSource = 's';
constexpr char kBreaker = 'b';
constexpr char kGap = 'g';
constexpr char kSuspect = 'u';
constexpr char kBlindSpent = 'l';
constexpr char kOpenGroup = 'o';
constexpr char kWaitingAlert = 'a';
constexpr char kTally = 't';

template <typename Id>
std::string KeyOf(char letter, const Id& id) {
  std::string key(1, letter);
  Encoder encode(key);
  encode(id);
  return key;
}

template <typename List>
void PutAll(const Database& database, char letter, const List& changed,
            rocksdb::WriteBatch& batch) {
  rocksdb::ColumnFamilyHandle* family = database.family(kResident);
  for (const auto& [id, record] : changed) {
    const std::string key = KeyOf(letter, id);
    if (record.has_value()) {
      (void)batch.Put(family, key, EncodeRecord(*record));
    } else {
      (void)batch.Delete(family, key);
    }
  }
}

template <typename Map>
absl::Status TakeInto(std::string_view id_bytes, std::string_view value, Map& map) {
  std::pair<typename Map::key_type, typename Map::mapped_type> entry;
  Decoder decode(id_bytes);
  decode(entry.first);
  if (!decode.complete()) return absl::DataLossError("the key of a resident record can't be read");
  FUNDGATE_ASSIGN_OR_RETURN(entry.second, DecodeRecord<typename Map::mapped_type>(value));
  map.insert_or_assign(std::move(entry.first), std::move(entry.second));
  return absl::OkStatus();
}

}  // namespace

void PutResident(const Database& database, const core::Changes& changes,
                 rocksdb::WriteBatch& batch) {
  for (const auto& [name, source] : changes.sources) {
    (void)batch.Put(database.family(kResident), KeyOf(kSource, name), EncodeRecord(source));
  }
  PutAll(database, kBreaker, changes.breakers, batch);
  PutAll(database, kGap, changes.gaps, batch);
  PutAll(database, kSuspect, changes.suspects, batch);
  PutAll(database, kBlindSpent, changes.blind_spent, batch);
  PutAll(database, kOpenGroup, changes.open_groups, batch);
  PutAll(database, kWaitingAlert, changes.outbox, batch);
  PutAll(database, kTally, changes.tallies, batch);
}

absl::Status TakeResident(std::string_view key, std::string_view value, core::Resident& resident) {
  if (key.empty()) return absl::DataLossError("a resident record has no key");
  const std::string_view id = key.substr(1);
  switch (key.front()) {
    case kSource:
      return TakeInto(id, value, resident.sources);
    case kBreaker:
      return TakeInto(id, value, resident.breakers);
    case kGap:
      return TakeInto(id, value, resident.gaps);
    case kSuspect:
      return TakeInto(id, value, resident.suspects);
    case kBlindSpent:
      return TakeInto(id, value, resident.blind_spent);
    case kOpenGroup:
      return TakeInto(id, value, resident.alerts.open_groups);
    case kWaitingAlert:
      return TakeInto(id, value, resident.alerts.outbox);
    case kTally:
      return TakeInto(id, value, resident.alerts.tallies);
    default:
      return absl::DataLossError("a resident record is of no known kind");
  }
}

}  // namespace fundgate::store
