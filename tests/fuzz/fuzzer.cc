#include "tests/fuzz/fuzzer.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace fundgate::fuzz {

void Expect(bool holds, std::string_view promise) {
  if (holds) return;
  std::cerr << "Promised, but not kept: " << promise << '\n';
  std::abort();
}

uint8_t Choices::Byte() {
  const Input taken = Take(1);
  return taken.empty() ? 0 : taken[0];
}

uint16_t Choices::Short() {
  const uint16_t low = Byte();
  return static_cast<uint16_t>(Byte() << 8 | low);
}

Input Choices::Take(size_t size) {
  const Input taken = left_.first(std::min(size, left_.size()));
  left_ = left_.subspan(taken.size());
  return taken;
}

}  // namespace fundgate::fuzz
