#include <iostream>

#include "client/fundctl/verbs.h"

int main(int argc, char** argv) {
  fundgate::fundctl::Context context(std::cout, std::cerr, std::cin);
  return fundgate::fundctl::RunFundctl(argc, argv, context);
}
