// Bearer tokens: random words that say who a caller is. The gate knows their hashes alone.
#ifndef CONNECTION_TOKEN_H_
#define CONNECTION_TOKEN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fundgate::connection {

// Shorter ones are nobody's: what can be guessed must not be a token.
inline constexpr size_t kMinTokenBytes = 32;

// SHA-256. It needs no salt and no slowness: tokens are random, and no dictionary has them.
using TokenHash = std::array<uint8_t, 32>;

TokenHash HashOf(std::string_view token);

// "sha256:" and 64 hexadecimal digits.
std::string TextOf(const TokenHash& hash);
absl::StatusOr<TokenHash> ParseTokenHash(std::string_view text);

// Takes as long whether they differ early, late or not at all.
bool SameHash(const TokenHash& a, const TokenHash& b);

// Writes a new token of 256 random bits to a new file that its owner alone may read; gives its
// hash. ALREADY_EXISTS if there is such a file; UNAVAILABLE if it can't be written.
absl::StatusOr<TokenHash> WriteNewToken(const std::string& path);

}  // namespace fundgate::connection

#endif  // CONNECTION_TOKEN_H_
