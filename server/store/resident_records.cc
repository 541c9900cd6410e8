#include "server/store/resident_records.h"

#include <optional>
#include <utility>

#include "fundgate/types/status_macros.h"
#include "server/store/records.h"

namespace fundgate::store {
namespace {

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
  core::ResidentKinds::ForEach(
      [&]<typename Kind>(Kind) { PutAll(database, Kind::kLetter, changes.of<Kind>(), batch); });
}

absl::Status TakeResident(std::string_view key, std::string_view value, core::Resident& resident) {
  if (key.empty()) return absl::DataLossError("a resident record has no key");
  absl::Status taken = absl::DataLossError("a resident record is of no known kind");
  core::ResidentKinds::ForEach([&]<typename Kind>(Kind) {
    if (key.front() == Kind::kLetter) taken = TakeInto(key.substr(1), value, resident.of<Kind>());
  });
  return taken;
}

}  // namespace fundgate::store
