#include "server/store/stored_state.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "server/store/head.h"
#include "server/store/keys.h"
#include "server/store/record_places.h"
#include "server/store/records.h"
#include "server/store/resident_records.h"

namespace fundgate::store {

absl::StatusOr<core::Resident> LoadResident(const Database& database,
                                            const PolicyCompiler& compile_policy,
                                            const rocksdb::ReadOptions& options) {
  core::Resident resident;
  auto records = database.Iterate(kResident, options);
  for (records->SeekToFirst(); records->Valid(); records->Next()) {
    FUNDGATE_RETURN_IF_ERROR(
        TakeResident(AsView(records->key()), AsView(records->value()), resident));
  }
  FUNDGATE_RETURN_IF_ERROR(FromRocks(records->status(), "reading resident records"));

  auto policies = database.Iterate(kPolicies, options);
  policies->SeekToLast();
  if (policies->Valid()) {
    FUNDGATE_ASSIGN_OR_RETURN(const core::PolicyRecord policy,
                              DecodeRecord<core::PolicyRecord>(AsView(policies->value())));
    FUNDGATE_ASSIGN_OR_RETURN(resident.policy, compile_policy(policy.text));
    resident.policy_version = policy.version;
  }
  FUNDGATE_RETURN_IF_ERROR(FromRocks(policies->status(), "reading policies"));
  FUNDGATE_ASSIGN_OR_RETURN(const Head head, ReadHead(database, options));
  resident.clock = head.clock;
  return resident;
}

template <typename Kind>
std::optional<typename Kind::Record> StoredState::Stored(const typename Kind::Id& id) const {
  absl::StatusOr<std::optional<std::string>> bytes =
      database_.Get(PlaceOf<Kind>::kTable, PlaceOf<Kind>::Key(id));
  if (!bytes.ok()) {
    status_.Update(bytes.status());
    return std::nullopt;
  }
  if (!bytes->has_value()) return std::nullopt;
  return Decoded<Kind>(**bytes);
}

template <typename Kind>
std::optional<typename Kind::Record> StoredState::Decoded(std::string_view bytes) const {
  absl::StatusOr<typename Kind::Record> record = DecodeRecord<typename Kind::Record>(bytes);
  if (!record.ok()) {
    status_.Update(record.status());
    return std::nullopt;
  }
  return *std::move(record);
}

template <typename Kind>
const std::optional<std::string>* StoredState::Noted(const typename Kind::Id& id) const {
  for (const auto* tables : {&newer_, &older_}) {
    const Overlay<Kind>& table = tables->template of<Kind>();
    if (table.empty()) continue;
    const auto noted = table.find(id);
    if (noted != table.end()) return &noted->second;
  }
  return nullptr;
}

template <typename Kind, typename Visit>
void StoredState::ForEachNoted(const Visit& visit) const {
  for (const auto& [id, record] : newer_.of<Kind>()) visit(id, record.has_value());
  for (const auto& [id, record] : older_.of<Kind>()) {
    if (!newer_.of<Kind>().contains(id)) visit(id, record.has_value());
  }
}

void StoredState::Answer(const core::AnyLookup& lookup) const {
  std::visit(
      [this]<typename Kind>(const core::Lookup<Kind>& asked) {
        if constexpr (KeptKinds::kHas<Kind>) {
          asked.found = kept_.of<Kind>().Find(asked.id, [&] { return Stored<Kind>(asked.id); });
        } else {
          const std::optional<std::string>* const noted = Noted<Kind>(asked.id);
          if (noted == nullptr) {
            asked.found = Stored<Kind>(asked.id);
          } else if (noted->has_value()) {
            asked.found = Decoded<Kind>(**noted);
          }
        }
      },
      lookup);
}

template <typename Kind>
StoredState::Beginning<Kind>& StoredState::BeginningOf(const typename Kind::Id& lane) const {
  Beginnings<Kind>& all = beginnings_.of<Kind>();
  const auto known = std::find_if(all.begin(), all.end(), [&lane](const Beginning<Kind>& one) {
    return core::SameLane<Kind>(one.lane, lane);
  });
  return known != all.end() ? *known : all.emplace_back(Beginning<Kind>{lane, lane});
}

template <typename Kind>
void StoredState::Lower(const typename Kind::Id& id) const {
  for (Beginning<Kind>& one : beginnings_.of<Kind>()) {
    if (!core::SameLane<Kind>(one.lane, id)) continue;
    if (!one.first.has_value() || id < *one.first) one.first = id;
  }
}

template <typename Kind>
void StoredState::StoredDue(const core::DueLookup<Kind>& asked,
                            std::set<typename Kind::Id>& due) const {
  using Place = PlaceOf<Kind>;
  const bool from_beginning = asked.from.at == absl::InfinitePast();
  std::optional<typename Kind::Id> first = asked.from;
  if (from_beginning) first = BeginningOf<Kind>(asked.from).first;
  if (!first.has_value() || first->at > asked.time) return;
  auto stored = database_.Iterate(Place::kTable);
  const std::string prefix = Place::Prefix();
  stored->Seek(Place::Key(*first));
  first.reset();
  for (; stored->Valid() && stored->key().starts_with(prefix); stored->Next()) {
    std::optional<typename Kind::Id> id = Place::Parse(AsView(stored->key()));
    if (!id.has_value()) {
      status_.Update(
          absl::DataLossError(absl::StrCat("one of the ", ToAbsl(Kind::kName), " can't be read")));
      return due.clear();
    }
    if (!core::SameLane<Kind>(*id, asked.from)) break;
    if (!first.has_value()) first = *id;
    if (due.size() == asked.limit || id->at > asked.time) break;
    if (Noted<Kind>(*id) == nullptr) due.insert(*std::move(id));
  }
  status_.Update(FromRocks(stored->status(), Kind::kName));
  if (!from_beginning || !stored->status().ok()) return;
  BeginningOf<Kind>(asked.from).first = first;
  ForEachNoted<Kind>([this](const typename Kind::Id& id, bool there) {
    if (there) Lower<Kind>(id);
  });
}

void StoredState::Answer(const core::AnyDueLookup& lookup) const {
  std::visit(
      [this]<typename Kind>(const core::DueLookup<Kind>& asked) {
        std::set<typename Kind::Id> due;
        StoredDue(asked, due);
        ForEachNoted<Kind>([&](const typename Kind::Id& id, bool there) {
          const bool is_due = there && id.at <= asked.time && core::SameLane<Kind>(id, asked.from);
          if (is_due && !(id < asked.from)) due.insert(id);
        });
        while (due.size() > asked.limit) due.erase(std::prev(due.end()));
        asked.found.assign(due.begin(), due.end());
      },
      lookup);
}

void StoredState::Answer(const core::KeysLookup& lookup) const {
  using Place = PlaceOf<core::Keys>;
  std::set<core::KeyId> keys;
  auto stored = database_.Iterate(Place::kTable);
  for (stored->Seek(Place::Key(lookup.after)); stored->Valid(); stored->Next()) {
    if (keys.size() == lookup.limit) break;
    std::optional<core::KeyId> id = Place::Parse(AsView(stored->key()));
    if (!id.has_value()) {
      status_.Update(absl::DataLossError("one of the keys can't be read"));
      return;
    }
    if (lookup.after < *id && Noted<core::Keys>(*id) == nullptr) keys.insert(*std::move(id));
  }
  status_.Update(FromRocks(stored->status(), core::Keys::kName));
  ForEachNoted<core::Keys>([&](const core::KeyId& id, bool there) {
    if (there && lookup.after < id) keys.insert(id);
  });
  while (keys.size() > lookup.limit) keys.erase(std::prev(keys.end()));
  lookup.found.assign(keys.begin(), keys.end());
}

void StoredState::Absorb(const core::Changes& changes) {
  resident_.Absorb(changes);
  KeptKinds::ForEach([&]<typename Kind>(Kind) {
    for (const auto& [id, record] : changes.of<Kind>()) kept_.of<Kind>().Put(id, record);
  });
  core::QueueKinds::ForEach([&]<typename Kind>(Kind) {
    for (const auto& [id, record] : changes.of<Kind>()) {
      if (record.has_value()) Lower<Kind>(id);
    }
  });
}

void StoredState::EndGroup(uint64_t ended, uint64_t written) {
  if (older_ended_ <= written) {
    core::StoredKinds::ForEach([this]<typename Kind>(Kind) {
      older_.of<Kind>().clear();
      std::swap(older_.of<Kind>(), newer_.of<Kind>());
    });
    older_ended_ = ended;
  }
  size_t bytes = 0;
  KeptKinds::ForEach([&]<typename Kind>(Kind) { bytes += kept_.of<Kind>().newer_bytes(); });
  if (bytes <= most_kept_bytes_ / 2 || kept_aged_ > written) return;
  KeptKinds::ForEach([this]<typename Kind>(Kind) { kept_.of<Kind>().Age(); });
  kept_aged_ = ended;
}

}  // namespace fundgate::store
