// What is asked for: an endless series of refunds of one shop's orders.
#ifndef TESTS_BENCH_LOAD_MOVEMENTS_H_
#define TESTS_BENCH_LOAD_MOVEMENTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/load/population.h"

namespace fundgate::bench {

// The orders that exist: the order number i is called "o<i>" and is of the account "m<i mod 1000>".
// Each was paid so much that no refund is ever too much.
inline constexpr size_t kAccounts = 1000;
inline constexpr size_t kOrders = 10'000;
inline constexpr int64_t kPaid = 1'000'000'000'000;  // CNY, minor units
inline constexpr int64_t kRefund = 1234;
inline constexpr std::string_view kCurrency = "CNY";

std::string AccountOf(size_t order, size_t accounts = kAccounts);
std::string NameOf(size_t order);

// Which orders are refunded how often.
enum class Spread {
  kUniform,  // all alike
  kZipf,     // the i-th in proportion to 1 / i^0.99
  kHot,      // those of one account
};

// Which keys the refunds have.
enum class Keys {
  kCounted,    // never used before, next to each other
  kScattered,  // never used before, anywhere among all that there could be
  kOld,        // those of refunds that lie in a filled store, any of them
};

// Of whose orders; by default those above. `keys_of_order` counts for old keys alone.
struct Shop {
  size_t orders = kOrders;
  size_t accounts = kAccounts;
  size_t keys_of_order = 2;
  Keys keys = Keys::kCounted;
};

struct Movement {
  std::string key;
  std::string account;
  std::string order;
};

// Not for several threads at once.
class Movements {
 public:
  // `name` begins every counted key and tells scattered ones apart; two series with different names
  // share none.
  Movements(std::string name, Spread spread, uint64_t seed, const Shop& shop = {});

  // Valid until the next call.
  const Movement& Next();

 private:
  size_t NextOrder();

  const std::string name_;
  const Shop shop_;
  const uint64_t name_hash_;
  const Population filled_;
  std::mt19937_64 random_;
  std::vector<uint32_t> turns_;  // orders as they come; then from the beginning; empty: any
  uint64_t count_ = 0;
  Movement movement_;
};

}  // namespace fundgate::bench

#endif  // TESTS_BENCH_LOAD_MOVEMENTS_H_
