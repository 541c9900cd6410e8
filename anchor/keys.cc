#include "anchor/keys.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstddef>
#include <utility>

#include "anchor/anchor.h"

namespace fundgate::anchor {

struct Key {
  EVP_PKEY* key = nullptr;

  explicit Key(EVP_PKEY* owned) : key(owned) {}
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  ~Key() { EVP_PKEY_free(key); }
};

namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeDigest {
  void operator()(EVP_MD_CTX* digest) const { EVP_MD_CTX_free(digest); }
};

using ReadPem = EVP_PKEY* (*)(BIO*, EVP_PKEY**, pem_password_cb*, void*);

// Nobody is asked for a password.
int NoPassword(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return -1; }

// Null unless it is an Ed25519 key of that sort.
std::shared_ptr<Key> Parse(const std::string& pem, ReadPem read) {
  const std::unique_ptr<BIO, FreeBio> text(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  auto key = std::make_shared<Key>(
      text == nullptr ? nullptr : read(text.get(), nullptr, NoPassword, nullptr));
  if (key->key == nullptr || EVP_PKEY_id(key->key) != EVP_PKEY_ED25519) return nullptr;
  return key;
}

const unsigned char* Bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

absl::StatusOr<PublicKey> PublicKey::FromPem(const std::string& pem) {
  std::shared_ptr<Key> key = Parse(pem, PEM_read_bio_PUBKEY);
  if (key != nullptr) return PublicKey(std::move(key));
  return absl::InvalidArgumentError(
      "it holds no public Ed25519 key in PEM; `openssl pkey -in KEY -pubout` makes one");
}

bool PublicKey::HasSigned(const v1::JournalAnchor& anchor) const {
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> digest(EVP_MD_CTX_new());
  const std::string text = SignedText(anchor);
  return EVP_DigestVerifyInit(digest.get(), nullptr, nullptr, nullptr, key_->key) == 1 &&
         EVP_DigestVerify(digest.get(), Bytes(anchor.signature()), anchor.signature().size(),
                          Bytes(text), text.size()) == 1;
}

absl::StatusOr<SigningKey> SigningKey::FromPem(const std::string& pem) {
  std::shared_ptr<Key> key = Parse(pem, PEM_read_bio_PrivateKey);
  if (key != nullptr) return SigningKey(std::move(key));
  return absl::InvalidArgumentError(
      "it holds no unencrypted private Ed25519 key in PEM; `openssl genpkey -algorithm ed25519` "
      "makes one");
}

absl::Status SigningKey::Sign(v1::JournalAnchor& anchor) const {
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> digest(EVP_MD_CTX_new());
  const std::string text = SignedText(anchor);
  std::string signature(64, '\0');
  size_t size = signature.size();
  const bool is_signed =
      EVP_DigestSignInit(digest.get(), nullptr, nullptr, nullptr, key_->key) == 1 &&
      EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     Bytes(text), text.size()) == 1 &&
      size == signature.size();
  if (!is_signed) return absl::InternalError("OpenSSL can't sign");
  anchor.set_signature(std::move(signature));
  return absl::OkStatus();
}

}  // namespace fundgate::anchor
