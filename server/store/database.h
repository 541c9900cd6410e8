// The RocksDB underneath: its column families, options, and errors in our words.
#ifndef SERVER_STORE_DATABASE_H_
#define SERVER_STORE_DATABASE_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/db.h"
#include "server/store/store.h"

namespace fundgate::store {

// Column families by their place; names and places are on disk: never reorder.
enum Table : size_t {
  kMeta,        // format version, chain head
  kJournal,     // sequence -> hash and record
  kBooks,       //
  kFamilies,    //
  kKeys,        //
  kTimers,      // time and key -> nothing but a version
  kResident,    // a letter and an id -> the small records that are always in memory
  kViolations,  // id -> violation
  kPolicies,    // version -> policy record
  kRecords,     // a letter and an id -> stored records of all other kinds
  kTableCount,
};

// Raised when stored bytes change in a way that older programs would misread.
inline constexpr int kFormatVersion = 1;

// UNAVAILABLE, RESOURCE_EXHAUSTED (no space), DATA_LOSS, FAILED_PRECONDITION or INTERNAL, with what
// was being done.
absl::Status FromRocks(const rocksdb::Status& status, std::string_view doing);

inline rocksdb::Slice AsSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
inline std::string_view AsView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// An open database. Threads: as RocksDB, any.
class Database {
 public:
  enum class Access {
    kReadWrite,
    // Nobody may have it open meanwhile: FAILED_PRECONDITION. So it is if a write-ahead log lacks
    // something before its end, which a crash of the machine may leave and a start of the gate puts
    // right. One that can't be read to its end for any other reason ends where it can't.
    kReadOnly,
    // The same, but DATA_LOSS for a write-ahead log that can't be read to its end.
    kReadOnlyWhole,
  };

  static absl::StatusOr<std::unique_ptr<Database>> Open(const Options& options, Access access);
  ~Database();

  rocksdb::DB& db() { return *db_; }
  rocksdb::ColumnFamilyHandle* family(Table table) const { return families_[table]; }

  // The value, nothing if there is none, or an error.
  absl::StatusOr<std::optional<std::string>> Get(Table table, std::string_view key,
                                                 const rocksdb::ReadOptions& options = {}) const;
  // How RocksDB is; `free_bytes` is left to whoever knows the folder.
  StorageStatistics Measure() const;

  std::unique_ptr<rocksdb::Iterator> Iterate(Table table,
                                             const rocksdb::ReadOptions& options = {}) const;

 private:
  Database() = default;

  std::unique_ptr<rocksdb::Env> env_;  // outlives db_
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
};

}  // namespace fundgate::store

#endif  // SERVER_STORE_DATABASE_H_
