#include "backup/backup_folder.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "backup/restored.h"
#include "fundgate/types/status_macros.h"
#include "google/protobuf/util/time_util.h"

namespace fundgate::backup {
namespace {

namespace fs = std::filesystem;

// What a gate's store names its files by: nothing of it leads out of the folder.
bool IsFileName(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.size() <= 128 &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' ||
                  c == '.';
         });
}

// What opening the files to read leaves behind, and is no part of a backup.
bool IsLeftByReading(const std::string& name) {
  return name == "LOCK" || name == "LOG" || absl::StartsWith(name, "LOG.old");
}

absl::Status Damaged(const std::string& path, const std::string& how) {
  return absl::DataLossError(
      absl::StrCat(path, " ", how, ". Keep this backup for the inquiry and use an older one"));
}

// Gives each piece of the file to `take`, and says if it wasn't what the manifest has.
absl::Status ReadFile(const std::string& path, const v1::BackupFile& file,
                      const std::function<absl::Status(std::string_view)>& take) {
  FileHash hash;
  uint64_t bytes = 0;
  const absl::Status read = ReadPieces(path, [&](std::string_view piece) {
    hash.Add(piece);
    bytes += piece.size();
    return take(piece);
  });
  if (absl::IsNotFound(read)) return Damaged(path, "is missing");
  FUNDGATE_RETURN_IF_ERROR(read);
  if (bytes != file.bytes()) {
    return Damaged(path, absl::StrCat("has ", bytes, " bytes, not ", file.bytes()));
  }
  return hash.Finish() == file.sha256() ? absl::OkStatus()
                                        : Damaged(path, "is not what its hash says");
}

absl::Status ToStatus(const std::string& path, std::error_code error) {
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(path, ": ", error.message()));
}

// Nobody's: it is not there, or is an empty folder.
absl::Status ExpectUnused(const std::string& data_folder) {
  std::error_code error;
  if (!fs::exists(data_folder, error)) return absl::OkStatus();
  if (fs::is_directory(data_folder, error) && fs::is_empty(data_folder, error) && !error) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      data_folder,
      " is not empty: name an empty folder. A gate's own folder is never restored over: stop the "
      "gate, move its folder away and keep it, then restore to where it was"));
}

absl::Status CopyFiles(const std::string& folder, const v1::BackupManifest& manifest,
                       const std::string& data_folder) {
  for (const v1::BackupFile& file : manifest.files()) {
    FUNDGATE_ASSIGN_OR_RETURN(const std::unique_ptr<NewFile> copy,
                              NewFile::Create(absl::StrCat(data_folder, "/", file.name())));
    FUNDGATE_RETURN_IF_ERROR(
        ReadFile(absl::StrCat(folder, "/", kDataFolder, "/", file.name()), file,
                 [&copy](std::string_view piece) { return copy->Append(piece); }));
    FUNDGATE_RETURN_IF_ERROR(copy->Finish());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<BackupWriter>> BackupWriter::Create(const std::string& folder) {
  std::unique_ptr<BackupWriter> writer(new BackupWriter(folder));
  std::error_code error;
  for (const std::string& name : {writer->folder_, writer->partial_}) {
    if (!fs::exists(name, error)) continue;
    return absl::FailedPreconditionError(absl::StrCat(name, " exists already: name a new folder"));
  }
  fs::create_directories(absl::StrCat(writer->partial_, "/", kDataFolder), error);
  FUNDGATE_RETURN_IF_ERROR(ToStatus(writer->partial_, error));
  return writer;
}

BackupWriter::~BackupWriter() {
  std::error_code ignored;
  if (!done_) fs::remove_all(partial_, ignored);
}

absl::Status BackupWriter::Take(const v1::CreateBackupResponse& part) {
  switch (part.part_case()) {
    case v1::CreateBackupResponse::kPoint:
      *manifest_.mutable_point() = part.point();
      return absl::OkStatus();
    case v1::CreateBackupResponse::kChunk:
      return TakeChunk(part.chunk());
    case v1::CreateBackupResponse::kFile:
      return EndFile(part.file());
    case v1::CreateBackupResponse::kDone:
      return Commit();
    case v1::CreateBackupResponse::PART_NOT_SET:
      break;
  }
  return absl::OkStatus();  // what later gates may say besides
}

absl::Status BackupWriter::TakeChunk(const v1::BackupChunk& chunk) {
  if (file_ == nullptr) {
    if (!IsFileName(chunk.name())) {
      return absl::DataLossError(absl::StrCat("\"", chunk.name(), "\" is no name of a file"));
    }
    name_ = chunk.name();
    FUNDGATE_ASSIGN_OR_RETURN(
        file_, NewFile::Create(absl::StrCat(partial_, "/", kDataFolder, "/", name_)));
    hash_ = std::make_unique<FileHash>();
    bytes_ = 0;
  }
  if (chunk.name() != name_) {
    return absl::DataLossError(
        absl::StrCat("a piece of ", chunk.name(), " came in the middle of ", name_));
  }
  hash_->Add(chunk.data());
  bytes_ += chunk.data().size();
  return file_->Append(chunk.data());
}

absl::Status BackupWriter::EndFile(const v1::BackupFile& file) {
  if (file_ == nullptr) {  // an empty one
    v1::BackupChunk nothing;
    nothing.set_name(file.name());
    FUNDGATE_RETURN_IF_ERROR(TakeChunk(nothing));
  }
  if (file.name() != name_ || file.bytes() != bytes_ || file.sha256() != hash_->Finish()) {
    return absl::DataLossError(
        absl::StrCat(name_, " did not arrive as it was sent: create the backup again"));
  }
  FUNDGATE_RETURN_IF_ERROR(file_->Finish());
  file_ = nullptr;
  *manifest_.add_files() = file;
  return absl::OkStatus();
}

absl::Status BackupWriter::Commit() {
  if (file_ != nullptr || !manifest_.has_point()) {
    return absl::DataLossError("the backup ended before all of it was sent: create it again");
  }
  FUNDGATE_RETURN_IF_ERROR(WriteJson(absl::StrCat(partial_, "/", kManifestFile), manifest_));
  FUNDGATE_RETURN_IF_ERROR(SyncFolder(absl::StrCat(partial_, "/", kDataFolder)));
  FUNDGATE_RETURN_IF_ERROR(SyncFolder(partial_));
  std::error_code error;
  fs::rename(partial_, folder_, error);
  FUNDGATE_RETURN_IF_ERROR(ToStatus(folder_, error));
  done_ = true;
  return SyncFolder(fs::absolute(folder_).parent_path());
}

absl::StatusOr<v1::BackupManifest> ReadManifest(const std::string& folder) {
  v1::BackupManifest manifest;
  const absl::Status read = ReadJson(absl::StrCat(folder, "/", kManifestFile), manifest);
  if (absl::IsNotFound(read)) {
    return absl::NotFoundError(
        absl::StrCat(folder, " holds no backup: there is no ", kManifestFile, " in it"));
  }
  FUNDGATE_RETURN_IF_ERROR(read);
  for (const v1::BackupFile& file : manifest.files()) {
    if (!IsFileName(file.name())) {
      return Damaged(folder, absl::StrCat("names a file \"", file.name(), "\""));
    }
  }
  return manifest;
}

absl::Status VerifyFiles(const std::string& folder, const v1::BackupManifest& manifest) {
  const std::string data = absl::StrCat(folder, "/", kDataFolder);
  std::set<std::string> names;
  for (const v1::BackupFile& file : manifest.files()) {
    names.insert(file.name());
    FUNDGATE_RETURN_IF_ERROR(ReadFile(absl::StrCat(data, "/", file.name()), file,
                                      [](std::string_view) { return absl::OkStatus(); }));
  }
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(data, error)) {
    const std::string name = entry.path().filename();
    if (names.contains(name) || IsLeftByReading(name)) continue;
    return Damaged(entry.path(), "is no part of the backup");
  }
  return ToStatus(data, error);
}

absl::Status Restore(const std::string& folder, const v1::BackupManifest& manifest,
                     const std::string& data_folder, v1::RestoredFrom word) {
  FUNDGATE_RETURN_IF_ERROR(ExpectUnused(data_folder));
  std::error_code error;
  fs::create_directories(data_folder, error);
  FUNDGATE_RETURN_IF_ERROR(ToStatus(data_folder, error));
  *word.mutable_point() = manifest.point();
  *word.mutable_restored_at() =
      google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(absl::Now()));
  // The word first: whoever finds any of the store finds it, too.
  absl::Status done = WriteJson(absl::StrCat(data_folder, "/", kRestoredFile), word);
  if (done.ok()) done = SyncFolder(data_folder);
  if (done.ok()) done = CopyFiles(folder, manifest, data_folder);
  if (done.ok()) done = SyncFolder(data_folder);
  if (!done.ok()) {
    for (const auto& entry : fs::directory_iterator(data_folder, error)) {
      fs::remove_all(entry.path(), error);
    }
  }
  return done;
}

}  // namespace fundgate::backup
