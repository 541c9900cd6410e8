// What stands for a value that not everybody may see.
#ifndef SERVER_SECURITY_MASK_KEY_H_
#define SERVER_SECURITY_MASK_KEY_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace fundgate::security {

// Makes masks by a key that is the gate's own: "masked-" and 12 hexadecimal digits of HMAC-SHA-256.
// The same value has the same mask for as long as the key is kept, so that what belongs together is
// seen; without the key nobody can try values until one fits, however few there are. Constant, any
// thread.
class MaskKey {
 public:
  // At least 16 bytes that nobody can guess.
  explicit MaskKey(std::string secret) : secret_(std::move(secret)) {}

  // The key that the file keeps; makes a random one, readable for its owner alone, if there is no
  // file yet. Durable when it returns. What connection::ReadGuardedFile says of a file that others
  // may read, INVALID_ARGUMENT for one that holds no key, UNAVAILABLE if it can't be written.
  static absl::StatusOr<MaskKey> Keep(const std::string& path);

  std::string Mask(std::string_view value) const;

  // Whether the text has a mask's form.
  static bool IsMask(std::string_view text);

 private:
  std::string secret_;
};

}  // namespace fundgate::security

#endif  // SERVER_SECURITY_MASK_KEY_H_
