// Ed25519 keys for tests, made anew each time.
#ifndef TESTS_ANCHOR_TEST_KEYS_H_
#define TESTS_ANCHOR_TEST_KEYS_H_

#include <string>

namespace fundgate::anchor::testing {

struct KeyTexts {
  std::string private_pem;
  std::string public_pem;
};

KeyTexts NewKey();

}  // namespace fundgate::anchor::testing

#endif  // TESTS_ANCHOR_TEST_KEYS_H_
