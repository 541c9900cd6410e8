// The text of an effect: "+order.paid", "-order.paid", "+order.settled: gross".
#ifndef SERVER_POLICY_EFFECTS_H_
#define SERVER_POLICY_EFFECTS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fundgate/policy/v1/structure.pb.h"

namespace fundgate::policy {

struct EffectText {
  int sign = 1;
  std::string book;
  std::string counter;
  std::string amount;      // as written; empty if none is named
  size_t book_offset = 0;  // in bytes, for messages
  size_t counter_offset = 0;
  size_t amount_offset = 0;
};

// Nothing if it does not have this form.
std::optional<EffectText> ParseEffect(std::string_view text);

// The name under which `parts` knows the whole amount ("gross"); empty without parts.
std::string TotalName(const v1::Movement& movement);

// The kind's parts, sorted.
std::vector<std::string> PartNames(const v1::Movement& movement);

// True if the document's book is kept by order.
bool IsByOrder(const v1::Book& book);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_EFFECTS_H_
