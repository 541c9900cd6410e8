#include "connection/guarded_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::connection {
namespace {

// Closes it at the end of the scope.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  const int number_;
};

// The right permissions, as chmod takes them, and the bits that must not be set.
struct Rule {
  const char* right;
  mode_t forbidden;
};

Rule RuleOf(Readers readers) {
  switch (readers) {
    case Readers::kOwner:
      return {"600", 077};
    case Readers::kOwnerAndGroup:
      return {"640", 027};
    case Readers::kEverybody:
      return {"644", 022};
  }
  return {"600", 077};
}

absl::Status CheckPermissions(const std::string& path, const struct stat& file, Readers readers) {
  if (!S_ISREG(file.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is no file"));
  }
  if (file.st_uid != 0 && file.st_uid != ::geteuid()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " belongs to user ", file.st_uid,
                     "; it must belong to root or to the user that reads it"));
  }
  const Rule rule = RuleOf(readers);
  if ((file.st_mode & rule.forbidden) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "%s has permissions %o, which let others %s it; run chmod %s on it", path,
      file.st_mode & 07777U, (file.st_mode & 022U) != 0 ? "write" : "read", rule.right));
}

}  // namespace

absl::StatusOr<std::string> ReadGuardedFile(const std::string& path, Readers readers) {
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (descriptor.number() < 0) {
    return absl::NotFoundError(absl::StrCat("can't open ", path, ": ", std::strerror(errno)));
  }
  struct stat file {};
  if (::fstat(descriptor.number(), &file) != 0) {
    return absl::NotFoundError(absl::StrCat("can't look at ", path, ": ", std::strerror(errno)));
  }
  FUNDGATE_RETURN_IF_ERROR(CheckPermissions(path, file, readers));
  std::string text(kMaxGuardedBytes + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(descriptor.number(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return absl::NotFoundError(absl::StrCat("can't read ", path, ": ", std::strerror(errno)));
    }
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  text.resize(size);
  if (text.empty()) return absl::InvalidArgumentError(absl::StrCat(path, " is empty"));
  if (text.size() > kMaxGuardedBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is longer than ", kMaxGuardedBytes, " bytes"));
  }
  return text;
}

}  // namespace fundgate::connection
