// Chains: running balances, where each row's balance is the last one plus its amount.
#ifndef SERVER_CORE_VERIFICATION_CHAIN_H_
#define SERVER_CORE_VERIFICATION_CHAIN_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/core/verification/check.h"
#include "server/core/verification/watching.h"

namespace fundgate::core {

// Rows of one chain that wait for others to be put in order; of more the oldest is judged at once.
inline constexpr size_t kMaxWaitingRows = 256;

// A changed row is known again for this long, should its event be delivered twice.
inline constexpr absl::Duration kChangeMemory = absl::Hours(24);

struct ChainDefinition {
  std::string event;
  std::vector<EventField> key;
  EventField amount;
  EventField balance;
  std::optional<EventField> sequence;
  absl::Duration within;
};

// Rows wait until every source is proven past `within` after they came; then they are put in order:
// by their sequence, or, without one, in any order in which they link up. What doesn't link up is
// said once, and the chain goes on from there. A row that is changed or deleted breaks it too.
//
// Where a table is read anew, rows come in the order of their primary keys. Those with a sequence
// are judged where one follows right on the other, and the chain goes on behind the last one;
// without a sequence nothing says which row is the last, and the chain goes on with whatever comes.
class Chain final : public EventCheck {
 public:
  Chain(Declaration declaration, ChainDefinition definition)
      : EventCheck(std::move(declaration)), definition_(std::move(definition)) {}

  void See(Draft& draft, const SeenEvent& seen) const override;
  void Judge(Draft& draft, const WatchId& id, Watch& watch) const override;

 private:
  struct ReadRow {
    ChainRow row;
    Currency currency;
  };
  // Nothing, with `problem` saying why, if the row can't be part of a chain.
  std::optional<ReadRow> Row(const Draft& draft, const SeenEvent& seen, std::string& problem) const;
  void SeeChange(Draft& draft, const SeenEvent& seen) const;
  // A row out of a table that is read anew, in the table's order.
  void SeeAsItStands(Draft& draft, const std::string& key, ChainWatch& state, ChainRow row) const;

  // Links up the rows that came at or before `until`, and those before them.
  void LinkUp(Draft& draft, const std::string& key, ChainWatch& state, absl::Time until) const;
  void LinkBySequence(Draft& draft, const std::string& key, ChainWatch& state,
                      absl::Time until) const;
  void LinkByBalance(Draft& draft, const std::string& key, ChainWatch& state,
                     absl::Time until) const;
  void SetNextTurn(Draft& draft, const WatchId& id, Watch& watch) const;
  void RaiseBroken(Draft& draft, const std::string& key, const ChainWatch& state,
                   const ChainRow& row) const;
  void RaiseUnusable(Draft& draft, const SeenEvent& seen, const std::string& why) const;

  const ChainDefinition definition_;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_VERIFICATION_CHAIN_H_
