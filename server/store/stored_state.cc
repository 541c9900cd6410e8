#include "server/store/stored_state.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/store/head.h"
#include "server/store/keys.h"
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

template <typename Id, typename Record>
std::optional<Record> StoredState::Find(const Overlay<Id, Record>& overlay, const Id& id,
                                        Table table, const std::string& key) const {
  const auto recent = overlay.find(id);
  if (recent != overlay.end()) return recent->second;
  absl::StatusOr<std::optional<std::string>> bytes = database_.Get(table, key);
  if (!bytes.ok()) {
    status_.Update(bytes.status());
    return std::nullopt;
  }
  if (!bytes->has_value()) return std::nullopt;
  absl::StatusOr<Record> record = DecodeRecord<Record>(**bytes);
  if (!record.ok()) {
    status_.Update(record.status());
    return std::nullopt;
  }
  return *std::move(record);
}

std::optional<core::Book> StoredState::FindBook(const core::BookId& id) const {
  return Find(books_, id, kBooks, BookKey(id));
}

std::optional<core::Family> StoredState::FindFamily(const core::FamilyId& id) const {
  return Find(families_, id, kFamilies, FamilyKey(id));
}

std::optional<core::KeyRecord> StoredState::FindKey(const core::KeyId& id) const {
  return Find(keys_, id, kKeys, MovementKey(id));
}

std::optional<core::Violation> StoredState::FindViolation(const std::string& id) const {
  return Find(violations_, id, kViolations, id);
}

std::optional<core::Group> StoredState::FindGroup(const std::string& id) const {
  return Find(groups_, id, kGroups, id);
}

std::vector<core::Timer> StoredState::DueTimers(absl::Time time, size_t limit) const {
  std::set<core::Timer> due;
  auto stored = database_.Iterate(kTimers);
  const std::string end = TimersAfter(time);
  for (stored->SeekToFirst(); stored->Valid() && AsView(stored->key()) < end; stored->Next()) {
    if (due.size() == limit) break;
    std::optional<core::Timer> timer = ParseTimerKey(AsView(stored->key()));
    if (!timer.has_value()) {
      status_.Update(absl::DataLossError("a stored timer can't be read"));
      return {};
    }
    if (!timers_removed_.contains(*timer)) due.insert(*std::move(timer));
  }
  status_.Update(FromRocks(stored->status(), "reading timers"));
  for (const core::Timer& timer : timers_added_) {
    if (timer.at > time) break;
    due.insert(timer);
  }
  while (due.size() > limit) due.erase(std::prev(due.end()));
  return {due.begin(), due.end()};
}

void StoredState::Absorb(const core::Changes& changes) {
  resident_.Absorb(changes);
  for (const auto& [id, book] : changes.books) books_.insert_or_assign(id, book);
  for (const auto& [id, family] : changes.families) families_.insert_or_assign(id, family);
  for (const auto& [id, key] : changes.keys) keys_.insert_or_assign(id, key);
  for (const auto* violations : {&changes.violations, &changes.violations_reviewed}) {
    for (const core::Violation& violation : *violations) {
      violations_.insert_or_assign(violation.id, violation);
    }
  }
  for (const auto& [id, group] : changes.groups) groups_.insert_or_assign(id, group);
  for (const core::Timer& timer : changes.timers_removed) {
    timers_added_.erase(timer);
    timers_removed_.insert(timer);
  }
  for (const core::Timer& timer : changes.timers_added) {
    timers_removed_.erase(timer);
    timers_added_.insert(timer);
  }
}

void StoredState::ForgetGroup() {
  books_.clear();
  families_.clear();
  keys_.clear();
  violations_.clear();
  groups_.clear();
  timers_added_.clear();
  timers_removed_.clear();
}

}  // namespace fundgate::store
