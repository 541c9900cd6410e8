// What is asked: refunds over the same orders, for Fundgate and for everything it is compared with.
#ifndef TESTS_BENCH_LOAD_MOVEMENTS_H_
#define TESTS_BENCH_LOAD_MOVEMENTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fundgate::bench {

// The orders that exist: the order number i is called "o<i>" and is of the account "m<i mod 1000>".
// Each was paid so much that no refund is ever too much.
inline constexpr size_t kAccounts = 1000;
inline constexpr size_t kOrders = 10'000;
inline constexpr int64_t kPaid = 1'000'000'000'000;  // CNY, minor units
inline constexpr int64_t kRefund = 1234;
inline constexpr std::string_view kCurrency = "CNY";

std::string AccountOf(size_t order);
std::string NameOf(size_t order);

// Which orders are refunded how often.
enum class Spread {
  kUniform,  // all alike
  kZipf,     // the i-th in proportion to 1 / i^0.99
  kHot,      // those of one account
};

struct Movement {
  std::string key;
  std::string_view account;
  std::string_view order;
};

// An endless series with keys that were never used before. Not for several threads at once.
class Movements {
 public:
  // `name` begins every key; two series with different names share none.
  Movements(std::string name, Spread spread, uint64_t seed);

  // Valid until the next call.
  const Movement& Next();

 private:
  const std::string name_;
  std::vector<std::string> accounts_;
  std::vector<std::string> orders_;
  std::vector<uint32_t> turns_;  // orders as they come; then from the beginning
  uint64_t count_ = 0;
  Movement movement_;
};

}  // namespace fundgate::bench

#endif  // TESTS_BENCH_LOAD_MOVEMENTS_H_
