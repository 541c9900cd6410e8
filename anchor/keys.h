// Ed25519 keys (RFC 8032) that sign anchors, by OpenSSL.
#ifndef ANCHOR_KEYS_H_
#define ANCHOR_KEYS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "fundgate/v1/audit.pb.h"

namespace fundgate::anchor {

struct Key;  // OpenSSL's

// Immutable; any thread. Copies share the key.
class PublicKey {
 public:
  // A PEM text "PUBLIC KEY", as `openssl pkey -pubout` writes it. INVALID_ARGUMENT for another.
  static absl::StatusOr<PublicKey> FromPem(const std::string& pem);

  // Whether the anchor, as it is, was signed by this key's other half.
  bool HasSigned(const v1::JournalAnchor& anchor) const;

 private:
  friend class SigningKey;
  explicit PublicKey(std::shared_ptr<Key> key) : key_(std::move(key)) {}

  std::shared_ptr<Key> key_;
};

// Immutable; any thread.
class SigningKey {
 public:
  // A PEM text "PRIVATE KEY", unencrypted, as `openssl genpkey -algorithm ed25519` writes it.
  // INVALID_ARGUMENT for another; no message tells any of it.
  static absl::StatusOr<SigningKey> FromPem(const std::string& pem);

  // Sets the signature over all else. INTERNAL if OpenSSL can't sign.
  absl::Status Sign(v1::JournalAnchor& anchor) const;

  PublicKey public_key() const { return PublicKey(key_); }

 private:
  explicit SigningKey(std::shared_ptr<Key> key) : key_(std::move(key)) {}

  std::shared_ptr<Key> key_;
};

}  // namespace fundgate::anchor

#endif  // ANCHOR_KEYS_H_
