// Decodes binlog files to JSON for the tests that compare them with what other programs say.
//
//   decode_files [--charset NAME] [--table DATABASE.TABLE] FILE...
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "server/sidecar/decode/decode.h"

int main(int count, char** arguments) {
  fundgate::decode::DecodeOptions options;
  options.output = fundgate::decode::DecodeOptions::Output::kJson;
  std::vector<std::string> files;
  for (int i = 1; i < count; ++i) {
    std::string argument = arguments[i];
    if (argument == "--charset" && i + 1 < count) {
      options.charset = arguments[++i];
    } else if (argument == "--table" && i + 1 < count) {
      options.table = arguments[++i];
    } else {
      files.push_back(std::move(argument));
    }
  }
  const absl::Status decoded = fundgate::decode::Decode(files, options, std::cout);
  if (decoded.ok()) return 0;
  std::cerr << decoded << '\n';
  return 1;
}
