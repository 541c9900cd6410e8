// Matches: two kinds of events that must agree, by key.
#ifndef SERVER_CORE_VERIFICATION_MATCH_H_
#define SERVER_CORE_VERIFICATION_MATCH_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fundgate/types/money.h"
#include "server/core/verification/check.h"
#include "server/core/verification/watching.h"

namespace fundgate::core {

// Entries of one side of one key: more are not kept, and the key is not judged any more.
inline constexpr size_t kMaxMatchEntries = 256;

struct MatchDefinition {
  struct Side {
    std::string event;
    std::vector<EventField> key;
    std::vector<EventField> values;  // of `equal`, then of `sum`
    std::optional<EventCondition> when;
    bool required = true;
  };
  Side left;
  Side right;
  std::vector<std::string> names;  // of the values, as the policy writes them
  bool has_sum = false;            // the last value's sums must be equal
  std::optional<Money> tolerance;
  absl::Duration within;
  absl::Duration remember = absl::Hours(24);
};

// A side that is missing is found once every source of both is proven past `within` after the
// first event of the key. Sides that differ are found as soon as every source is proven past the
// newest of their events; sums, which may come in many parts, not before the deadline either.
// Each is said once until the sides agree again.
class Match final : public EventCheck {
 public:
  Match(Declaration declaration, MatchDefinition definition)
      : EventCheck(std::move(declaration)), definition_(std::move(definition)) {}

  void See(Draft& draft, const SeenEvent& seen) const override;
  void Judge(Draft& draft, const WatchId& id, Watch& watch) const override;

 private:
  // How the sides stand to each other.
  struct Standing {
    enum class Kind { kAgree, kMissing, kDiffers } kind = Kind::kAgree;
    bool left = false;     // of kMissing: which side
    std::string sentence;  // of kDiffers
    std::vector<std::pair<std::string, std::string>> fields;
  };

  void SeeOn(Draft& draft, const SeenEvent& seen, const MatchDefinition::Side& side,
             bool is_left) const;
  void Put(Draft& draft, const std::string& key, bool is_left, MatchEntry entry) const;
  void Remove(Draft& draft, const std::string& key, bool is_left, const MatchEntry& entry) const;
  void Settle(Draft& draft, const WatchId& id, Watch& watch) const;
  Standing Stand(const MatchWatch& watch) const;
  bool Agree(const std::optional<AttributeValue>& a, const std::optional<AttributeValue>& b) const;
  void CompareValues(const MatchWatch& watch, size_t value, Standing& standing) const;
  void CompareSums(const MatchWatch& watch, size_t value, Standing& standing) const;
  std::optional<absl::Time> NextTurn(const Standing& standing, const MatchWatch& watch,
                                     absl::Time now) const;
  void RaiseMissing(Draft& draft, const std::string& key, const MatchWatch& watch,
                    const Standing& standing) const;
  void RaiseDiffers(Draft& draft, const std::string& key, const MatchWatch& watch,
                    const Standing& standing) const;

  const MatchDefinition definition_;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_VERIFICATION_MATCH_H_
