#include "backup/file_hash.h"

#include <openssl/evp.h>

#include <array>

namespace fundgate::backup {

struct FileHash::Context {
  EVP_MD_CTX* digest = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(digest); }
};

FileHash::FileHash() : context_(std::make_unique<Context>()) {
  EVP_DigestInit_ex(context_->digest, EVP_sha256(), nullptr);
}

FileHash::~FileHash() = default;

void FileHash::Add(std::string_view bytes) {
  EVP_DigestUpdate(context_->digest, bytes.data(), bytes.size());
}

std::string FileHash::Finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  EVP_DigestFinal_ex(context_->digest, hash.data(), &size);
  return {reinterpret_cast<const char*>(hash.data()), size};
}

}  // namespace fundgate::backup
