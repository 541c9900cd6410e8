#include "server/security/client_authorities.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "connection/guarded_file.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::security {
namespace {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* thing) const {
    kFree(thing);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Store = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;
using Checking = std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>>;

struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
};
struct FreeNames {
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

Bio Reader(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Nobody is there to be asked for a passphrase.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return 0; }

Certificate ReadCertificate(BIO* from) {
  return Certificate(PEM_read_bio_X509(from, nullptr, NoPassphrase, nullptr));
}

std::vector<Certificate> ReadCertificates(const std::string& pem) {
  std::vector<Certificate> read;
  const Bio bio = Reader(pem);
  while (Certificate next = ReadCertificate(bio.get())) read.push_back(std::move(next));
  ERR_clear_error();  // the end of the text is one
  return read;
}

// Its names that the access file may have, else its subject.
std::string NamesOf(X509* certificate) {
  std::vector<std::string> texts;
  const std::unique_ptr<GENERAL_NAMES, FreeNames> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI && name->type != GEN_DNS) continue;
    const ASN1_IA5STRING* text = name->d.ia5;
    texts.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                       static_cast<size_t>(ASN1_STRING_length(text)));
  }
  if (!texts.empty()) return absl::StrJoin(texts, ",");
  char subject[256];
  return X509_NAME_oneline(X509_get_subject_name(certificate), subject, sizeof subject);
}

v1::DenialReason ReasonOf(int error) {
  const bool by_time =
      error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID;
  return by_time ? v1::DENIAL_REASON_EXPIRED_CERTIFICATE : v1::DENIAL_REASON_UNTRUSTED_CERTIFICATE;
}

v1::Denial Denied(v1::DenialReason reason, std::string certificate, std::string message) {
  v1::Denial denial;
  denial.set_reason(reason);
  denial.set_certificate(std::move(certificate));
  denial.set_message(std::move(message));
  return denial;
}

class OpensslAuthorities final : public ClientAuthorities {
 public:
  explicit OpensslAuthorities(const std::vector<Certificate>& authorities)
      : store_(X509_STORE_new()) {
    for (const Certificate& authority : authorities) {
      X509_STORE_add_cert(store_.get(), authority.get());
    }
  }

  std::optional<v1::Denial> Refuse(const std::string& leaf,
                                   const std::string& chain) const override {
    if (leaf.empty()) {
      return Denied(v1::DENIAL_REASON_NO_CERTIFICATE, "",
                    "the connection came without a certificate, and the gate wants one");
    }
    const Bio bio = Reader(leaf);
    const Certificate certificate = ReadCertificate(bio.get());
    if (certificate == nullptr) {
      ERR_clear_error();
      return Denied(v1::DENIAL_REASON_UNTRUSTED_CERTIFICATE, "", "the certificate can't be read");
    }
    const std::unique_ptr<STACK_OF(X509), FreeStack> others(sk_X509_new_null());
    for (Certificate& other : ReadCertificates(chain)) {
      sk_X509_push(others.get(), other.release());
    }
    const Checking checking(X509_STORE_CTX_new());
    if (X509_STORE_CTX_init(checking.get(), store_.get(), certificate.get(), others.get()) != 1 ||
        X509_STORE_CTX_set_purpose(checking.get(), X509_PURPOSE_SSL_CLIENT) != 1) {
      ERR_clear_error();
      return Denied(v1::DENIAL_REASON_UNTRUSTED_CERTIFICATE, NamesOf(certificate.get()),
                    "the certificate can't be checked");
    }
    const bool good = X509_verify_cert(checking.get()) == 1;
    ERR_clear_error();
    if (good) return std::nullopt;
    const int error = X509_STORE_CTX_get_error(checking.get());
    return Denied(
        ReasonOf(error), NamesOf(certificate.get()),
        absl::StrCat("the connection's certificate: ", X509_verify_cert_error_string(error)));
  }

 private:
  const Store store_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const ClientAuthorities>> ClientAuthorities::Parse(
    const std::string& pem, const std::string& file) {
  const std::vector<Certificate> authorities = ReadCertificates(pem);
  if (authorities.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": expected certificates in PEM"));
  }
  return std::make_shared<OpensslAuthorities>(authorities);
}

absl::StatusOr<std::shared_ptr<const ClientAuthorities>> ClientAuthorities::Read(
    const std::string& file) {
  FUNDGATE_ASSIGN_OR_RETURN(const std::string pem,
                            connection::ReadGuardedFile(file, connection::Readers::kEverybody));
  return Parse(pem, file);
}

absl::Status CheckOwnCertificate(const std::string& certificate_file, const std::string& key_file) {
  using connection::Readers;
  FUNDGATE_ASSIGN_OR_RETURN(const std::string key_text,
                            connection::ReadGuardedFile(key_file, Readers::kOwnerAndGroup));
  std::string certificate_text = key_text;
  if (certificate_file != key_file) {
    FUNDGATE_ASSIGN_OR_RETURN(certificate_text,
                              connection::ReadGuardedFile(certificate_file, Readers::kEverybody));
  }
  const Bio certificate_bio = Reader(certificate_text);
  const Certificate certificate = ReadCertificate(certificate_bio.get());
  const Bio key_bio = Reader(key_text);
  const Key key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, NoPassphrase, nullptr));
  const bool fit = certificate != nullptr && key != nullptr &&
                   X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (certificate == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(certificate_file, ": expected a certificate in PEM"));
  }
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(key_file, ": expected a key in PEM, without a passphrase"));
  }
  if (!fit) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the key in ", key_file, " isn't that of the certificate in ", certificate_file));
  }
  if (X509_cmp_current_time(X509_get0_notAfter(certificate.get())) < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("the certificate in ", certificate_file, " is expired; nobody could connect"));
  }
  return absl::OkStatus();
}

}  // namespace fundgate::security
