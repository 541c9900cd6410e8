// A private certificate authority of a test.
#ifndef TESTS_SECURITY_TEST_AUTHORITY_H_
#define TESTS_SECURITY_TEST_AUTHORITY_H_

#include <openssl/types.h>

#include <chrono>
#include <string>

namespace fundgate::security::testing {

struct Leaf {
  std::string names;  // as OpenSSL writes them: "URI:spiffe://shop/pay,DNS:pay.shop"
  std::string purposes = "serverAuth,clientAuth";
  std::chrono::seconds begins = std::chrono::hours(-1);  // from now
  std::chrono::seconds ends = std::chrono::hours(1);     // from now
};

// Fails the test where OpenSSL does.
class TestAuthority {
 public:
  TestAuthority();
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  // Its own certificate, in PEM.
  std::string pem() const;

  // A new key and a certificate for it, in PEM; apart, and both in one text.
  struct Issued {
    std::string certificate;
    std::string key;
    std::string both() const { return certificate + key; }
  };
  Issued Issue(const Leaf& leaf);

 private:
  X509* Sign(EVP_PKEY* subject, const char* name, const Leaf& leaf, bool authority);

  EVP_PKEY* key_;
  X509* certificate_ = nullptr;
  long next_serial_ = 1;  // NOLINT(google-runtime-int): OpenSSL's own type
};

// Writes a file whole or not at all, readable for its owner alone unless `mode` says otherwise.
void WriteFile(const std::string& path, const std::string& text, unsigned int mode = 0600);

}  // namespace fundgate::security::testing

#endif  // TESTS_SECURITY_TEST_AUTHORITY_H_
