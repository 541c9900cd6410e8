#include "server/export/sinks/anchor/anchor_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "anchor/anchor.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::exporting {
namespace {

// All of it, and on disk.
bool WriteAndSync(int file, const std::string& text) {
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = ::write(file, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    written += static_cast<size_t>(count);
  }
  return ::fdatasync(file) == 0;
}

}  // namespace

absl::Status AnchorFile::Keep(const v1::JournalAnchor& anchor) {
  FUNDGATE_ASSIGN_OR_RETURN(const std::string line, anchor::ToLine(anchor));
  // Opened each time: it may have been moved away.
  const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const off_t end = file < 0 ? -1 : ::lseek(file, 0, SEEK_END);
  const bool kept = end >= 0 && WriteAndSync(file, line + "\n");
  const int error = errno;
  // Half a line would spoil the next one.
  if (!kept && end >= 0 && ::ftruncate(file, end) != 0) {
    ::close(file);
    return absl::DataLossError(absl::StrCat(path_, " ends with half a line: remove it"));
  }
  if (file >= 0) ::close(file);
  if (kept) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("writing to ", path_, ": ", std::strerror(error)));
}

absl::Status AnchorWebhook::Keep(const v1::JournalAnchor& anchor) {
  FUNDGATE_ASSIGN_OR_RETURN(const std::string line, anchor::ToLine(anchor));
  return post_->Post(line, {absl::StrCat("Idempotency-Key: anchor-", anchor.sequence())});
}

}  // namespace fundgate::exporting
