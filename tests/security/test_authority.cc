#include "tests/security/test_authority.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <functional>

namespace fundgate::security::testing {
namespace {

std::string TextOf(const std::function<int(BIO*)>& write) {
  BIO* const bio = BIO_new(BIO_s_mem());
  EXPECT_EQ(write(bio), 1);
  const char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);  // NOLINT(google-runtime-int): OpenSSL's type
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

void AddExtension(X509* certificate, X509V3_CTX* context, int kind, const std::string& value) {
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, context, kind, value.c_str());
  ASSERT_NE(extension, nullptr) << value;
  EXPECT_EQ(X509_add_ext(certificate, extension, -1), 1);
  X509_EXTENSION_free(extension);
}

}  // namespace

TestAuthority::TestAuthority() : key_(EVP_EC_gen("P-256")) {
  certificate_ = Sign(key_, "test authority", {}, true);
}

TestAuthority::~TestAuthority() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

std::string TestAuthority::pem() const {
  return TextOf([this](BIO* bio) { return PEM_write_bio_X509(bio, certificate_); });
}

TestAuthority::Issued TestAuthority::Issue(const Leaf& leaf) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = Sign(key, "leaf", leaf, false);
  Issued issued;
  issued.certificate =
      TextOf([certificate](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
  issued.key = TextOf([key](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  X509_free(certificate);
  EVP_PKEY_free(key);
  return issued;
}

X509* TestAuthority::Sign(EVP_PKEY* subject, const char* name, const Leaf& leaf, bool authority) {
  X509* const made = X509_new();
  X509_set_version(made, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made), next_serial_++);
  X509_gmtime_adj(X509_getm_notBefore(made), leaf.begins.count());
  X509_gmtime_adj(X509_getm_notAfter(made), leaf.ends.count());
  X509_set_pubkey(made, subject);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509* const issuer = authority ? made : certificate_;
  X509_set_issuer_name(made, X509_get_subject_name(issuer));
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, made, nullptr, nullptr, 0);
  AddExtension(made, &context, NID_basic_constraints,
               authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  // Which of two authorities of one name has signed it shows by its key.
  AddExtension(made, &context, NID_subject_key_identifier, "hash");
  if (!authority) AddExtension(made, &context, NID_authority_key_identifier, "keyid:always");
  if (!authority) {
    AddExtension(made, &context, NID_ext_key_usage, leaf.purposes);
    if (!leaf.names.empty()) AddExtension(made, &context, NID_subject_alt_name, leaf.names);
  }
  EXPECT_GT(X509_sign(made, key_, EVP_sha256()), 0);
  return made;
}

void WriteFile(const std::string& path, const std::string& text, unsigned int mode) {
  const std::string unfinished = path + ".new";
  {
    std::ofstream file(unfinished, std::ios::binary);
    file << text;
    ASSERT_TRUE(file.good()) << path;
  }
  ASSERT_EQ(::chmod(unfinished.c_str(), mode), 0) << path;
  ASSERT_EQ(std::rename(unfinished.c_str(), path.c_str()), 0) << path;
}

}  // namespace fundgate::security::testing
