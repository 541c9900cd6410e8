#include "connection/token.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"

namespace fundgate::connection {
namespace {

constexpr std::string_view kPrefix = "sha256:";

}  // namespace

TokenHash HashOf(std::string_view token) {
  TokenHash hash{};
  ::SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), hash.data());
  return hash;
}

std::string TextOf(const TokenHash& hash) {
  return absl::StrCat(ToAbsl(kPrefix),
                      absl::BytesToHexString(absl::string_view(
                          reinterpret_cast<const char*>(hash.data()), hash.size())));
}

absl::StatusOr<TokenHash> ParseTokenHash(std::string_view text) {
  TokenHash hash{};
  bool right = text.size() == kPrefix.size() + 2 * hash.size() &&
               absl::StartsWith(ToAbsl(text), ToAbsl(kPrefix));
  for (size_t i = kPrefix.size(); right && i < text.size(); ++i) {
    right = absl::ascii_isxdigit(static_cast<unsigned char>(text[i]));
  }
  if (!right) {
    return absl::InvalidArgumentError(
        "expected sha256: and 64 digits, as `fundctl token new` prints them");
  }
  const std::string bytes = absl::HexStringToBytes(ToAbsl(text.substr(kPrefix.size())));
  std::memcpy(hash.data(), bytes.data(), hash.size());
  return hash;
}

bool SameHash(const TokenHash& a, const TokenHash& b) {
  return ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

absl::StatusOr<TokenHash> WriteNewToken(const std::string& path) {
  unsigned char bits[32];
  if (::RAND_bytes(bits, sizeof bits) != 1) {
    return absl::UnavailableError("the system gives no random numbers");
  }
  std::string token;
  absl::WebSafeBase64Escape(absl::string_view(reinterpret_cast<const char*>(bits), sizeof bits),
                            &token);
  while (!token.empty() && token.back() == '=') token.pop_back();
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 && errno == EEXIST) {
    return absl::AlreadyExistsError(absl::StrCat(path, " exists; a new token needs a new file"));
  }
  if (file < 0) {
    return absl::UnavailableError(absl::StrCat("can't write ", path, ": ", std::strerror(errno)));
  }
  const std::string line = token + "\n";
  const bool written =
      ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
      ::fsync(file) == 0;
  ::close(file);
  if (!written) {
    ::unlink(path.c_str());
    return absl::UnavailableError(absl::StrCat("can't write ", path));
  }
  return HashOf(token);
}

}  // namespace fundgate::connection
