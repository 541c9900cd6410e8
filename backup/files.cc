#include "backup/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "google/protobuf/util/json_util.h"

namespace fundgate::backup {
namespace {

constexpr size_t kPieceBytes = size_t{256} << 10;

// What errno says of it.
absl::Status Failed(const std::string& path) {
  const std::string message = absl::StrCat(path, ": ", std::strerror(errno));
  switch (errno) {
    case ENOENT:
      return absl::NotFoundError(message);
    case EEXIST:
      return absl::FailedPreconditionError(message);
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::UnavailableError(message);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<NewFile>> NewFile::Create(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return Failed(path);
  return std::unique_ptr<NewFile>(new NewFile(path, file));
}

NewFile::~NewFile() {
  if (file_ >= 0) ::close(file_);
}

absl::Status NewFile::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed(path_);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status NewFile::Finish() {
  const bool synced = ::fsync(file_) == 0;
  absl::Status status = synced ? absl::OkStatus() : Failed(path_);
  if (::close(std::exchange(file_, -1)) != 0 && status.ok()) status = Failed(path_);
  return status;
}

absl::Status SyncFolder(const std::string& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return Failed(folder);
  absl::Status status = ::fsync(file) == 0 ? absl::OkStatus() : Failed(folder);
  ::close(file);
  return status;
}

absl::Status ReadPieces(const std::string& path,
                        const std::function<absl::Status(std::string_view piece)>& take) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Failed(path);
  std::string piece(kPieceBytes, '\0');
  absl::Status status;
  while (status.ok()) {
    const ssize_t got = ::read(file, piece.data(), piece.size());
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    status = got < 0 ? Failed(path) : take({piece.data(), static_cast<size_t>(got)});
  }
  ::close(file);
  return status;
}

absl::Status WriteJson(const std::string& path, const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.add_whitespace = true;
  std::string text;
  const auto printed = google::protobuf::util::MessageToJsonString(message, &text, options);
  if (!printed.ok()) return absl::InternalError(printed.ToString());
  FUNDGATE_ASSIGN_OR_RETURN(const std::unique_ptr<NewFile> file, NewFile::Create(path));
  FUNDGATE_RETURN_IF_ERROR(file->Append(text));
  return file->Finish();
}

absl::Status ReadJson(const std::string& path, google::protobuf::Message& message) {
  std::string text;
  FUNDGATE_RETURN_IF_ERROR(ReadPieces(path, [&text](std::string_view piece) {
    text.append(piece);
    return absl::OkStatus();
  }));
  const auto parsed = google::protobuf::util::JsonStringToMessage(text, &message);
  if (parsed.ok()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(path, " can't be read: ", parsed.ToString()));
}

}  // namespace fundgate::backup
