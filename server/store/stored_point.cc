#include "server/store/stored_point.h"

#include <memory>

#include "fundgate/types/status_macros.h"
#include "server/store/database.h"
#include "server/store/head.h"
#include "server/store/keys.h"
#include "server/store/resident_records.h"

namespace fundgate::store {
namespace {

// It is read once: large caches would help nobody.
constexpr uint64_t kCacheBytes = uint64_t{4} << 20;

}  // namespace

absl::StatusOr<StoredPoint> ReadStoredPoint(const std::string& directory) {
  Options options;
  options.directory = directory;
  options.block_cache_bytes = kCacheBytes;
  FUNDGATE_ASSIGN_OR_RETURN(const std::unique_ptr<Database> database,
                            Database::Open(options, Database::Access::kReadOnlyWhole));
  StoredPoint point;
  point.format_version = kFormatVersion;
  FUNDGATE_ASSIGN_OR_RETURN(const Head head, ReadHead(*database));
  point.clock = head.clock;
  point.hash = head.hash;
  core::Resident resident;
  auto records = database->Iterate(kResident);
  for (records->SeekToFirst(); records->Valid(); records->Next()) {
    FUNDGATE_RETURN_IF_ERROR(
        TakeResident(AsView(records->key()), AsView(records->value()), resident));
  }
  FUNDGATE_RETURN_IF_ERROR(FromRocks(records->status(), "reading resident records"));
  point.sources = std::move(resident.of<core::Sources>());
  auto policies = database->Iterate(kPolicies);
  policies->SeekToLast();
  if (policies->Valid()) {
    point.policy_version = ParseSequenceKey(AsView(policies->key())).value_or(0);
  }
  FUNDGATE_RETURN_IF_ERROR(FromRocks(policies->status(), "reading policies"));
  return point;
}

}  // namespace fundgate::store
