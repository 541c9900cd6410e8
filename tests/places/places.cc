#include "tests/places/places.h"

#include <cstdlib>

namespace fundgate::places {
namespace {

std::string Within(std::string_view folder, std::string_view path) {
  return std::string(folder).append("/").append(path);
}

}  // namespace

std::string Source(std::string_view path) { return Within(FUNDGATE_SOURCE_DIR, path); }

std::string Program(std::string_view name) { return Within(FUNDGATE_PROGRAM_DIR, name); }

std::string Testdata(std::string_view path) {
  const char* given = std::getenv("FUNDGATE_TESTDATA");
  return Within(given != nullptr ? given : FUNDGATE_TESTDATA_DIR, path);
}

}  // namespace fundgate::places
