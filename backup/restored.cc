#include "backup/restored.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "backup/files.h"
#include "fundgate/types/status_macros.h"
#include "google/protobuf/util/time_util.h"

namespace fundgate::backup {
namespace {

std::string PathIn(const std::string& data_folder) {
  return absl::StrCat(data_folder, "/", kRestoredFile);
}

absl::Status Failed(const std::string& path) {
  return absl::UnavailableError(absl::StrCat(path, ": ", std::strerror(errno)));
}

}  // namespace

absl::StatusOr<std::optional<v1::RestoredFrom>> ReadRestored(const std::string& data_folder) {
  v1::RestoredFrom restored;
  const absl::Status read = ReadJson(PathIn(data_folder), restored);
  if (absl::IsNotFound(read)) return std::nullopt;
  if (!read.ok()) return read;
  return restored;
}

absl::Status WriteRestored(const std::string& data_folder, const v1::RestoredFrom& word) {
  const std::string path = PathIn(data_folder);
  const std::string fresh = path + ".new";
  if (::unlink(fresh.c_str()) != 0 && errno != ENOENT) return Failed(fresh);
  FUNDGATE_RETURN_IF_ERROR(WriteJson(fresh, word));
  if (::rename(fresh.c_str(), path.c_str()) != 0) return Failed(path);
  return SyncFolder(data_folder);
}

absl::Status ForgetRestored(const std::string& data_folder) {
  const std::string path = PathIn(data_folder);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return Failed(path);
  return SyncFolder(data_folder);
}

std::string ToText(const v1::RestoredFrom& restored) {
  std::string text = "an older state";
  if (restored.has_point()) {
    text = absl::StrCat("the backup of ",
                        google::protobuf::util::TimeUtil::ToString(restored.point().created_at()));
  }
  if (!restored.reason().empty()) absl::StrAppend(&text, " (", restored.reason(), ")");
  return text;
}

}  // namespace fundgate::backup
