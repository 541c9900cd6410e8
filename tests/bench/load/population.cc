#include "tests/bench/load/population.h"

#include <numeric>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"

namespace fundgate::bench {
namespace {

// The number that gives 1 when multiplied by `value`, modulo `modulus`, by Euclid.
uint64_t InverseOf(uint64_t value, uint64_t modulus) {
  absl::int128 before = 0;
  absl::int128 now = 1;
  absl::int128 larger = modulus;
  absl::int128 smaller = value % modulus;
  while (smaller > 1) {
    const absl::int128 quotient = larger / smaller;
    const absl::int128 rest = larger % smaller;
    larger = smaller;
    smaller = rest;
    const absl::int128 next = before - quotient * now;
    before = now;
    now = next;
  }
  return static_cast<uint64_t>(now < 0 ? now + modulus : now);
}

// As random as it needs to be, and the same everywhere.
uint64_t Mix(uint64_t value) {
  value = (value ^ (value >> 31U)) * 0x7FB5D329728EA185U;
  value = (value ^ (value >> 27U)) * 0x81DADEF4BC2DD44DU;
  return value ^ (value >> 33U);
}

}  // namespace

Shuffle::Shuffle(uint64_t count) : count_(count) {
  if (count < 3) return;
  // About the golden ratio: neighbours come far from each other.
  factor_ = static_cast<uint64_t>(static_cast<double>(count) * 0.6180339887);
  while (std::gcd(factor_, count) != 1) ++factor_;
  inverse_ = InverseOf(factor_, count);
}

uint64_t Shuffle::Multiply(uint64_t a, uint64_t b) const {
  return static_cast<uint64_t>(absl::uint128(a) * b % count_);
}

std::string ScatteredName(uint64_t place, uint64_t count) {
  const uint64_t gap = UINT64_MAX / count;
  return absl::StrCat(absl::Hex(place * gap + Mix(place + count) % gap, absl::kZeroPad16));
}

std::string Population::NameOf(uint64_t number) const {
  const uint64_t order = number / keys_of_order_;
  if (IsPayment(number)) return ScatteredName(payments_.PlaceOf(order), payments_.count());
  const uint64_t refund = order * (keys_of_order_ - 1) + number % keys_of_order_ - 1;
  return ScatteredName(refunds_.PlaceOf(refund), refunds_.count());
}

}  // namespace fundgate::bench
