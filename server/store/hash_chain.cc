#include "server/store/hash_chain.h"

#include <openssl/evp.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "fundgate/types/text.h"

namespace fundgate::store {

struct HashChain::Context {
  EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* digest = EVP_MD_CTX_new();

  ~Context() {
    EVP_MD_CTX_free(digest);
    EVP_MD_free(algorithm);
  }
};

HashChain::HashChain() : context_(std::make_unique<Context>()) {}
HashChain::~HashChain() = default;

Hash HashChain::Next(const Hash& previous, std::string_view record) {
  Hash hash{};
  EVP_MD_CTX* digest = context_->digest;
  const bool done = EVP_DigestInit_ex2(digest, context_->algorithm, nullptr) == 1 &&
                    EVP_DigestUpdate(digest, previous.data(), previous.size()) == 1 &&
                    EVP_DigestUpdate(digest, record.data(), record.size()) == 1 &&
                    EVP_DigestFinal_ex(digest, hash.data(), nullptr) == 1;
  // SHA-256 of bytes in memory fails only without memory: nothing provable can be written then.
  if (!done) {
    std::fputs("fundgate: SHA-256 is not available\n", stderr);
    std::abort();
  }
  return hash;
}

std::string ToHex(const Hash& hash) { return absl::BytesToHexString(ToAbsl(AsBytes(hash))); }

}  // namespace fundgate::store
