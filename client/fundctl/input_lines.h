// Lines of a descriptor that is read as far as there is something to read.
#ifndef CLIENT_FUNDCTL_INPUT_LINES_H_
#define CLIENT_FUNDCTL_INPUT_LINES_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace fundgate::fundctl {

// The longest line taken: an event is far smaller.
inline constexpr size_t kLineBytesMax = 1 << 20;

// Thread safety: used by one thread.
class InputLines {
 public:
  explicit InputLines(int descriptor) : descriptor_(descriptor) {}

  // Reads once, waiting if there is nothing yet. False at the end of the input. INVALID_ARGUMENT
  // for a line longer than kLineBytesMax, UNKNOWN if it can't be read.
  absl::StatusOr<bool> Read();

  // The next whole line, without its end; the last one may lack it. None: read first.
  std::optional<std::string> Next();

 private:
  const int descriptor_;
  std::string buffer_;
  bool ended_ = false;
};

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_INPUT_LINES_H_
