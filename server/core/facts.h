// Plain facts: what sources report that is no movement. A bid, the status of an order, a row of a
// ledger.
#ifndef SERVER_CORE_FACTS_H_
#define SERVER_CORE_FACTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fundgate/types/ids.h"
#include "server/core/movement.h"

namespace fundgate::core {

enum class FactType : uint8_t { kString = 1, kInt = 2, kBool = 3, kMoney = 4 };
std::string_view ToString(FactType type);  // "string", "money"

// One kind of fact, as the policy declares it.
struct FactDefinition {
  struct Field {
    std::string name;
    FactType type = FactType::kString;
  };

  std::string name;
  std::string key;                  // the field that says what the fact is about
  std::string account;              // the field that says whose it is; empty if none does
  std::vector<Field> fields;        // sorted by name
  std::vector<SourceName> sources;  // derived: who reports it; sorted

  const Field* FindField(std::string_view field) const;
};

struct FactEvent;

// Why the fact isn't what the policy declares, or nothing if it is. Fields may be missing, and ones
// that aren't declared are of no interest.
std::optional<std::string> Misfit(const FactDefinition& definition, const FactEvent& fact);

}  // namespace fundgate::core

#endif  // SERVER_CORE_FACTS_H_
