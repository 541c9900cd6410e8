// A folder that holds a backup: backup.json says what it is, data/ holds the store's files.
#ifndef BACKUP_BACKUP_FOLDER_H_
#define BACKUP_BACKUP_FOLDER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "backup/file_hash.h"
#include "backup/files.h"
#include "fundgate/v1/backups.pb.h"

namespace fundgate::backup {

inline constexpr char kManifestFile[] = "backup.json";
inline constexpr char kDataFolder[] = "data";

// Writes one as it comes from a gate. The folder has its name only once all is there and synced;
// before it is called NAME.partial, and goes with the object.
class BackupWriter {
 public:
  // FAILED_PRECONDITION if there is something of that name.
  static absl::StatusOr<std::unique_ptr<BackupWriter>> Create(const std::string& folder);
  ~BackupWriter();
  BackupWriter(const BackupWriter&) = delete;
  BackupWriter& operator=(const BackupWriter&) = delete;

  // The next part. DATA_LOSS if a file isn't what its hash says, or the parts are out of order.
  absl::Status Take(const v1::CreateBackupResponse& part);

  // True once the gate has said that there is no more. The manifest is complete then.
  bool done() const { return done_; }
  const v1::BackupManifest& manifest() const { return manifest_; }

 private:
  explicit BackupWriter(std::string folder)
      : folder_(std::move(folder)), partial_(folder_ + ".partial") {}

  absl::Status TakeChunk(const v1::BackupChunk& chunk);
  absl::Status EndFile(const v1::BackupFile& file);
  absl::Status Commit();

  const std::string folder_;
  const std::string partial_;
  v1::BackupManifest manifest_;
  bool done_ = false;
  // The file at hand; null between two.
  std::string name_;
  std::unique_ptr<NewFile> file_;
  std::unique_ptr<FileHash> hash_;
  uint64_t bytes_ = 0;
};

// NOT_FOUND or DATA_LOSS, saying what is no backup and why.
absl::StatusOr<v1::BackupManifest> ReadManifest(const std::string& folder);

// Reads every file again. DATA_LOSS naming the first that is missing, changed, or too many.
absl::Status VerifyFiles(const std::string& folder, const v1::BackupManifest& manifest);

// Copies the backup's files to where a gate will find them, each compared with its hash on the way,
// and leaves the word that it was restored, of which the caller gives what only it knows.
// FAILED_PRECONDITION if there is anything in `data_folder`; it is left as it is. After an error
// nothing stays there.
absl::Status Restore(const std::string& folder, const v1::BackupManifest& manifest,
                     const std::string& data_folder, v1::RestoredFrom word);

}  // namespace fundgate::backup

#endif  // BACKUP_BACKUP_FOLDER_H_
