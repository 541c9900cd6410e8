// A marketplace whose business is as it should be: orders are paid, partly refunded, settled and
// cashed out, and only what the gate allows is done.
#ifndef TESTS_SCENARIOS_MARKETPLACE_H_
#define TESTS_SCENARIOS_MARKETPLACE_H_

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "fundgate/v1/check.pb.h"
#include "tests/scenarios/deliveries.h"

namespace fundgate::scenarios {

// What a merchant's book must say in the end, in fen.
struct MerchantSums {
  int64_t settled = 0;
  int64_t cashed_out = 0;
  int64_t clawed_back = 0;
};

class Marketplace {
 public:
  explicit Marketplace(uint64_t seed)
      : ledger("ledger", seed), shop("shop", seed + 1), random_(seed) {}

  // What happens in one tick: events are on their way afterwards, and these checks are to be asked.
  // Without `more`, no new order is placed.
  std::vector<v1::CheckRequest> Go(int64_t tick, int orders, bool more);

  // The gate has answered. What it allowed is done; what it holds is asked again in the next tick.
  void Answered(int64_t tick, const v1::CheckRequest& request, const v1::Decision& decision);

  bool idle() const { return todo_.empty() && again_.empty(); }
  uint64_t movements() const { return movements_; }
  uint64_t held() const { return held_; }
  const std::map<std::string, MerchantSums>& sums() const { return sums_; }

  // What the service that keeps the books, and the shop, tell the gate.
  Deliveries ledger;
  Deliveries shop;

 private:
  enum class Stage { kPay, kRefund, kFailRefund, kSettle, kLateRefund, kCashOut, kShip, kFinish };
  struct Order {
    std::string id;
    std::string merchant;
    int64_t paid = 0;
    int64_t left = 0;  // in escrow
    int refunds = 0;
  };
  struct Merchant {
    int64_t available = 0;  // settled, known to the gate, and not cashed out
    int64_t balance = 0;    // of its ledger
  };
  struct Step {
    Stage stage = Stage::kPay;
    Order order;
  };

  void Place(int64_t tick);
  void Do(int64_t tick, Step step, std::vector<v1::CheckRequest>& checks);
  void Later(int64_t tick, Stage stage, const Order& order);
  void Pay(int64_t tick, const Order& order);
  v1::CheckRequest Request(const char* checkpoint, const Order& order, const std::string& key,
                           int64_t amount) const;
  void Move(int64_t tick, const v1::CheckRequest& request, v1::MovementStatus status);
  void TellStatus(int64_t tick, const Order& order, const char* status);
  void Enter(int64_t tick, const std::string& merchant, const std::string& entry, int64_t amount);
  int64_t Within(int64_t least, int64_t most);

  std::mt19937_64 random_;
  std::multimap<int64_t, Step> todo_;    // by tick
  std::map<std::string, Step> asked_;    // by key
  std::vector<v1::CheckRequest> again_;  // what was held
  std::map<std::string, Merchant> merchants_;
  std::multimap<int64_t, std::pair<std::string, int64_t>> arriving_;  // net amounts, by tick
  std::map<std::string, MerchantSums> sums_;
  uint64_t orders_ = 0;
  uint64_t movements_ = 0;
  uint64_t held_ = 0;
};

}  // namespace fundgate::scenarios

#endif  // TESTS_SCENARIOS_MARKETPLACE_H_
