// Runs fundctl's verbs without a process.
#ifndef TESTS_CLIENT_RUN_WORDS_H_
#define TESTS_CLIENT_RUN_WORDS_H_

#include <sstream>
#include <string>
#include <vector>

#include "client/fundctl/verbs.h"

namespace fundgate::fundctl {

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

// The words after the program's name; by default no gate is there.
inline Outcome RunWords(std::vector<const char*> words, const std::string& address = "127.0.0.1:1",
                        const std::string& input = "") {
  std::ostringstream out;
  std::ostringstream err;
  std::istringstream in(input);
  Context context(out, err, in);
  words.insert(words.begin(), {"fundctl", "--address", address.c_str()});
  const int code = RunFundctl(static_cast<int>(words.size()), words.data(), context);
  return {code, out.str(), err.str()};
}

}  // namespace fundgate::fundctl

#endif  // TESTS_CLIENT_RUN_WORDS_H_
