#include "client/fundctl/input_lines.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace fundgate::fundctl {

absl::StatusOr<bool> InputLines::Read() {
  char chunk[16384];
  const ssize_t size = ::read(descriptor_, chunk, sizeof(chunk));
  if (size < 0) {
    if (errno == EINTR || errno == EAGAIN) return true;
    return absl::UnknownError(absl::StrCat("the input can't be read: ", std::strerror(errno)));
  }
  buffer_.append(chunk, static_cast<size_t>(size));
  ended_ = size == 0;
  if (buffer_.size() > kLineBytesMax + sizeof(chunk)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a line is longer than ", kLineBytesMax, " bytes; expected an event a line"));
  }
  return !ended_;
}

std::optional<std::string> InputLines::Next() {
  const size_t end = buffer_.find('\n');
  if (end == std::string::npos) {
    if (!ended_ || buffer_.empty()) return std::nullopt;
    return std::exchange(buffer_, "");
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return line;
}

}  // namespace fundgate::fundctl
