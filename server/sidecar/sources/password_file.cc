#include "server/sidecar/sources/password_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace fundgate::sources {
namespace {

constexpr size_t kMaxBytes = 4096;

}  // namespace

absl::StatusOr<std::string> ReadPasswordFile(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return absl::NotFoundError(absl::StrCat("can't open password_file ", path, ": ",
                                            std::strerror(errno),
                                            "; write the password there, readable by this user"));
  }
  const absl::Cleanup close_it = [file] { ::close(file); };
  struct stat about = {};
  if (::fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat("password_file ", path, " is no plain file; write the password into one"));
  }
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::PermissionDeniedError(absl::StrCat(
        "password_file ", path, " is open to others than its owner; run: chmod 600 ", path));
  }
  std::string content(kMaxBytes + 1, '\0');
  const ssize_t got = ::read(file, content.data(), content.size());
  if (got < 0) {
    return absl::NotFoundError(
        absl::StrCat("can't read password_file ", path, ": ", std::strerror(errno)));
  }
  content.resize(static_cast<size_t>(got));
  if (content.size() > kMaxBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("password_file ", path, " is longer than ", kMaxBytes, " bytes"));
  }
  absl::string_view password = content;
  absl::ConsumeSuffix(&password, "\n");
  absl::ConsumeSuffix(&password, "\r");
  if (password.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("password_file ", path, " is empty; write the password on its first line"));
  }
  if (password.find_first_of(absl::string_view("\n\0", 2)) != absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(
        "password_file ", path, " has more than one line; expected just the password"));
  }
  return std::string(password);
}

}  // namespace fundgate::sources
