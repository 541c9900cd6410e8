// What lies in a store that tests/bench/scale filled, as arithmetic: any of its keys can be named
// without looking.
//
// Each order was paid once and refunded some times, each under a key of its own. Keys look random
// and come in random order of time, as those do that services make up; a key's place among all keys
// that sort like it says its name, its order and its time, and the other way round.
#ifndef TESTS_BENCH_LOAD_POPULATION_H_
#define TESTS_BENCH_LOAD_POPULATION_H_

#include <cstdint>
#include <string>

namespace fundgate::bench {

// A permutation of [0, count), and its inverse.
class Shuffle {
 public:
  explicit Shuffle(uint64_t count);

  uint64_t count() const { return count_; }
  uint64_t At(uint64_t place) const { return Multiply(place, factor_); }
  uint64_t PlaceOf(uint64_t value) const { return Multiply(value, inverse_); }

 private:
  uint64_t Multiply(uint64_t a, uint64_t b) const;

  uint64_t count_;
  uint64_t factor_ = 1;
  uint64_t inverse_ = 1;
};

// The name at a place among `count` names that sort by their places: 16 hexadecimal digits, spread
// over all that there are.
std::string ScatteredName(uint64_t place, uint64_t count);

class Population {
 public:
  // Orders are numbered from `first_order` on. `keys_of_order` is at least 2.
  Population(uint64_t first_order, uint64_t orders, uint64_t keys_of_order, uint64_t accounts)
      : first_order_(first_order),
        keys_of_order_(keys_of_order),
        accounts_(accounts),
        payments_(orders),
        refunds_(orders * (keys_of_order - 1)) {}

  uint64_t first_order() const { return first_order_; }
  uint64_t orders() const { return payments_.count(); }
  uint64_t refunds() const { return refunds_.count(); }
  uint64_t keys() const { return payments_.count() + refunds_.count(); }
  uint64_t keys_of_order() const { return keys_of_order_; }
  uint64_t accounts() const { return accounts_; }

  // A key's number is its place in time; numbers of one order follow on each other, its payment
  // first. Of the key at a place among all payments' or refunds':
  uint64_t PaymentAt(uint64_t place) const { return payments_.At(place) * keys_of_order_; }
  uint64_t RefundAt(uint64_t place) const {
    const uint64_t refund = refunds_.At(place);
    const uint64_t of_order = keys_of_order_ - 1;
    return refund / of_order * keys_of_order_ + 1 + refund % of_order;
  }

  bool IsPayment(uint64_t number) const { return number % keys_of_order_ == 0; }
  // The idempotency key of that number.
  std::string NameOf(uint64_t number) const;
  // The number of the order of that key.
  uint64_t OrderOf(uint64_t number) const { return first_order_ + number / keys_of_order_; }

 private:
  uint64_t first_order_;
  uint64_t keys_of_order_;
  uint64_t accounts_;
  Shuffle payments_;
  Shuffle refunds_;
};

}  // namespace fundgate::bench

#endif  // TESTS_BENCH_LOAD_POPULATION_H_
