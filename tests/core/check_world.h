// A world with a second source, "shop", that reports facts, and with checks between events.
#ifndef TESTS_CORE_CHECK_WORLD_H_
#define TESTS_CORE_CHECK_WORLD_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/core/verification/check.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {

// "matches.NAME", about events of these names, with both sources behind it.
EventCheck::Declaration Declare(const std::string& section, const std::string& name,
                                std::vector<std::string> events,
                                OnEvent reaction = OnEvent::kAlert);

// Facts of the shop: order_paid {order_id, account_id, amount}, order_status {order_id, status},
// entry {entry_id, account_id, amount, balance, seq}. Payments are the ledger's.
class CheckWorld : public World {
 public:
  explicit CheckWorld(std::vector<std::shared_ptr<const EventCheck>> checks);

  // A fact as one transaction of the shop, a millisecond after what came before. `event` names the
  // transaction; a new one by default.
  void Fact(const std::string& name, const std::string& key, Attributes after,
            const std::string& event = "");
  void FactChange(const std::string& name, const std::string& key, std::optional<Attributes> before,
                  std::optional<Attributes> after, const std::string& event = "");
  void FeedShop(Event event);

  // Said by the shop: the order was paid.
  void Paid(const std::string& order, const std::string& amount, const std::string& event = "");
  // Moved, says the ledger.
  void Payment(const std::string& order, const std::string& amount, int row = 0);

  void ProveShop(absl::Time read_after);
  void ProveLedger(absl::Time read_after) { ProveAsOf(read_after); }
  // Time passes and both are proven now.
  void PassProven(absl::Duration duration);

  // "match_missing order_vs_payment", in order.
  std::vector<std::string> Found() const;

 private:
  IngestInput ShopBatch() const;

  uint64_t shop_offset_ = 0;
  int payments_ = 0;
};

}  // namespace fundgate::core::testing

#endif  // TESTS_CORE_CHECK_WORLD_H_
