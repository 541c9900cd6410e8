// Files that are there for good once a call returns, and errors that name them.
#ifndef BACKUP_FILES_H_
#define BACKUP_FILES_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace fundgate::backup {

// A new file that is being written. It must not exist before: FAILED_PRECONDITION. It is
// RESOURCE_EXHAUSTED if there is no room, UNAVAILABLE for all else.
class NewFile {
 public:
  static absl::StatusOr<std::unique_ptr<NewFile>> Create(const std::string& path);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  absl::Status Append(std::string_view bytes);
  // Syncs and closes it.
  absl::Status Finish();

 private:
  NewFile(std::string path, int file) : path_(std::move(path)), file_(file) {}

  const std::string path_;
  int file_;
};

// Makes names in a folder last.
absl::Status SyncFolder(const std::string& folder);

// The whole file, piece by piece.
absl::Status ReadPieces(const std::string& path,
                        const std::function<absl::Status(std::string_view piece)>& take);

// A message as JSON, with the field names of the contract.
absl::Status WriteJson(const std::string& path, const google::protobuf::Message& message);
// NOT_FOUND if there is no such file, DATA_LOSS if it is no such message.
absl::Status ReadJson(const std::string& path, google::protobuf::Message& message);

}  // namespace fundgate::backup

#endif  // BACKUP_FILES_H_
