#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iostream>

#include "client/fundctl/verbs.h"

int main(int argc, char** argv) {
  fundgate::fundctl::Context context(std::cout, std::cerr, std::cin);
  context.in_descriptor = STDIN_FILENO;
  const char* kind = std::getenv("TERM");
  context.terminal =
      ::isatty(STDOUT_FILENO) != 0 && kind != nullptr && std::strcmp(kind, "dumb") != 0;
  return fundgate::fundctl::RunFundctl(argc, argv, context);
}
