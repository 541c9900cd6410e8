#include <unistd.h>

#include <iostream>

#include "client/fundctl/verbs.h"

int main(int argc, char** argv) {
  fundgate::fundctl::Context context(std::cout, std::cerr, std::cin);
  context.in_descriptor = STDIN_FILENO;
  return fundgate::fundctl::RunFundctl(argc, argv, context);
}
