#include "server/export/sinks/otlp/journal_cursor.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace fundgate::exporting {
namespace {

absl::Status Failed(const std::string& doing, const std::string& path) {
  return absl::UnavailableError(absl::StrCat(doing, " ", path, ": ", std::strerror(errno)));
}

// Syncs a file or a folder.
bool Sync(const std::string& path, int flags) {
  const int file = ::open(path.c_str(), flags | O_CLOEXEC);
  if (file < 0) return false;
  const bool synced = ::fsync(file) == 0;
  return ::close(file) == 0 && synced;
}

}  // namespace

absl::StatusOr<std::optional<Sequence>> JournalCursor::Load() const {
  std::ifstream file(path_);
  if (!file.is_open()) {
    if (std::filesystem::exists(path_)) return Failed("reading", path_);
    return std::nullopt;
  }
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  Sequence next = 0;
  if (absl::SimpleAtoi(text, &next) && next > 0) return next;
  return absl::DataLossError(absl::StrCat(
      path_, " doesn't hold the number of a record; remove it to begin with the newest one"));
}

absl::Status JournalCursor::Store(Sequence next) const {
  const std::string unfinished = path_ + ".new";
  {
    std::ofstream file(unfinished, std::ios::trunc);
    file << next << "\n";
    file.close();
    if (!file.good()) return Failed("writing", unfinished);
  }
  if (!Sync(unfinished, O_WRONLY)) return Failed("syncing", unfinished);
  if (std::rename(unfinished.c_str(), path_.c_str()) != 0) return Failed("renaming", unfinished);
  const std::string folder = std::filesystem::path(path_).parent_path();
  if (!Sync(folder.empty() ? "." : folder, O_RDONLY)) return Failed("syncing", folder);
  return absl::OkStatus();
}

}  // namespace fundgate::exporting
