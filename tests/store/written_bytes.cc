#include "tests/store/written_bytes.h"

#include <fstream>
#include <iterator>
#include <string>

namespace fundgate::store::testing {

uint64_t WrittenBytes(const std::filesystem::path& file) {
  if (file.extension() != ".log") return std::filesystem::file_size(file);
  std::ifstream log(file, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(log), {});
  return bytes.find_last_not_of('\0') + 1;
}

}  // namespace fundgate::store::testing
