// Certificates for tests, by openssl, in a folder that goes with the test.
#ifndef TESTS_END_TO_END_CERTIFICATES_H_
#define TESTS_END_TO_END_CERTIFICATES_H_

#include <string>

#include "tests/end_to_end/processes.h"

namespace fundgate::end_to_end {

// Files, PEM.
struct Certificate {
  std::string certificate_file;
  std::string key_file;
};

// One that signs. Fails the running test if openssl can't make what is asked for.
class Authority {
 public:
  explicit Authority(const std::string& name);

  std::string certificate_file() const { return folder_.path() + "/ca.pem"; }

  // For a server at that address, such as 127.0.0.1. Its files stay as long as the authority.
  Certificate Issue(const std::string& address) const;

 private:
  TemporaryFolder folder_;
};

}  // namespace fundgate::end_to_end

#endif  // TESTS_END_TO_END_CERTIFICATES_H_
