#include "server/security/mask_key.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "connection/guarded_file.h"
#include "fundgate/types/text.h"

namespace fundgate::security {
namespace {

constexpr std::string_view kPrefix = "masked-";
constexpr size_t kMaskBytes = 6;  // shown of each digest: 48 bits tell millions of values apart
constexpr size_t kSecretBytes = 32;

absl::Status Failed(const std::string& doing, const std::string& path) {
  return absl::UnavailableError(absl::StrCat(doing, " ", path, ": ", std::strerror(errno)));
}

// Written beside it first: a crash in between leaves no half key.
absl::Status WriteSecret(const std::string& path, const std::string& text) {
  const std::string unfinished = path + ".new";
  const int file =
      ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return Failed("writing", unfinished);
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(file) == 0;
  if (::close(file) != 0 || !written) return Failed("writing", unfinished);
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) return Failed("renaming", unfinished);
  const std::string folder = std::filesystem::path(path).parent_path();
  const int opened = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (opened < 0) return Failed("syncing", folder);
  const bool synced = ::fsync(opened) == 0;
  ::close(opened);
  return synced ? absl::OkStatus() : Failed("syncing", folder);
}

absl::StatusOr<MaskKey> MakeKey(const std::string& path) {
  unsigned char bits[kSecretBytes];
  if (::RAND_bytes(bits, sizeof bits) != 1) {
    return absl::UnavailableError("the system gives no random numbers");
  }
  std::string secret(reinterpret_cast<const char*>(bits), sizeof bits);
  absl::Status written = WriteSecret(path, absl::BytesToHexString(secret) + "\n");
  if (!written.ok()) return written;
  return MaskKey(std::move(secret));
}

}  // namespace

absl::StatusOr<MaskKey> MaskKey::Keep(const std::string& path) {
  absl::StatusOr<std::string> text = connection::ReadGuardedFile(path, connection::Readers::kOwner);
  if (absl::IsNotFound(text.status())) return MakeKey(path);
  if (!text.ok()) return text.status();
  absl::StripAsciiWhitespace(&*text);
  const bool right = text->size() == 2 * kSecretBytes &&
                     std::all_of(text->begin(), text->end(),
                                 [](unsigned char c) { return absl::ascii_isxdigit(c); });
  if (!right) {
    return absl::InvalidArgumentError(absl::StrCat(
        path,
        " holds no key for masks: 64 hexadecimal digits were expected; without the file a "
        "new key is made, and values get other masks from then on"));
  }
  return MaskKey(absl::HexStringToBytes(*text));
}

std::string MaskKey::Mask(std::string_view value) const {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  ::HMAC(::EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
         reinterpret_cast<const unsigned char*>(value.data()), value.size(), digest, &size);
  return absl::StrCat(ToAbsl(kPrefix), absl::BytesToHexString(absl::string_view(
                                           reinterpret_cast<const char*>(digest), kMaskBytes)));
}

bool MaskKey::IsMask(std::string_view text) {
  if (text.size() != kPrefix.size() + 2 * kMaskBytes || !text.starts_with(kPrefix)) return false;
  text.remove_prefix(kPrefix.size());
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
  });
}

}  // namespace fundgate::security
