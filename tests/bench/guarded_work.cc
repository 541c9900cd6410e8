// A fixed amount of work, for counting the instructions that it takes:
//   guarded_work decode|map|check UNITS
// A unit is 9,000 rows, or 1,000 checks. Work without units is what it costs to begin.
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>

#include "absl/strings/numbers.h"
#include "fundgate/types/text.h"
#include "tests/bench/deciding.h"
#include "tests/bench/decoding.h"
#include "tests/bench/payments_stream.h"

namespace fundgate::bench {
namespace {

std::string Decode(Decoding::Work work, int units) {
  const PaymentsStream stream;
  Decoding decoding(stream, work);
  for (int i = 0; i < units; ++i) decoding.ReadTransaction();
  return decoding.error();
}

std::string Check(int units) {
  Deciding deciding;
  for (int i = 0; i < units; ++i) {
    for (const core::Input& check : deciding.MakeChecks(1000)) deciding.Judge(check, true);
  }
  return deciding.error();
}

int Main(std::string_view work, std::string_view units_text) {
  int units = 0;
  const bool counted = absl::SimpleAtoi(ToAbsl(units_text), &units);
  std::string error = "usage: guarded_work decode|map|check UNITS";
  if (counted && work == "decode") error = Decode(Decoding::Work::kDecode, units);
  if (counted && work == "map") error = Decode(Decoding::Work::kMap, units);
  if (counted && work == "check") error = Check(units);
  if (error.empty()) return 0;
  std::cerr << error << '\n';
  return 2;
}

}  // namespace
}  // namespace fundgate::bench

int main(int argc, char** argv) {
  return fundgate::bench::Main(argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : "");
}
