// What rules read. A fact is resolved when the policy is loaded; a run reads only those that its
// expression comes to.
//
//   request.…                      of rules over checks: the check itself
//   event.…                        of rules over events: see event_fields.h
//   book("order", …).COUNTER       what is posted and pending of a counter, of the account and in
//                                  the currency of the check or event
//   book("order", …).posted.COUNTER
//   windows.NAME.…                 see windows/windows.h
//   breaker("refund", …).…         whether a breaker over the scope is open
//   source("ledger").lag           how long ago the source is proven past
//   now                            input time
//   lists.NAME, numbers.NAME       of the policy
#ifndef SERVER_CORE_RULES_RULE_FACTS_H_
#define SERVER_CORE_RULES_RULE_FACTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "fundgate/types/ids.h"
#include "server/core/event_field.h"
#include "server/expression/value.h"

namespace fundgate::core {

struct RequestFact {
  enum class Field : uint8_t {
    kCheckpoint,
    kAccount,
    kOrder,  // absent unless the check names one order
    kKey,
    kAmount,
    kCurrency,
    kLineCount,
  };
  Field field = Field::kCheckpoint;
};
struct AttributeFact {
  std::string name;
};
struct EventFact {
  EventField field;
};
struct BookFact {
  std::string book;
  std::string counter;
  bool posted_only = false;
  std::optional<std::string> order;    // a literal
  std::optional<uint32_t> order_slot;  // the fact that names the order
  size_t book_index = 0;               // into Policy::books
  size_t counter_index = 0;
};
struct WindowFact {
  enum class Field : uint8_t {
    kCount,
    kSum,
    kLargest,
    kDistinct,
    kSamples,    // the count, where successes are told apart
    kSuccesses,  //
    kRatio,      // of successes; unknown with fewer samples than the window asks for
    kBaseline,   // the same, of the same hour on earlier days
  };
  std::string window;
  Field field = Field::kCount;
  size_t index = 0;  // into Policy::windows
};
struct BreakerFact {
  enum class Field : uint8_t { kOpen, kHalfOpen };
  Field field = Field::kOpen;
  std::string scope;                   // canonical; in front of the value if there is a slot
  std::optional<uint32_t> value_slot;  // the fact whose text the scope ends with
};
struct LagFact {
  SourceName source;
};
struct NowFact {};
struct ConstantFact {
  expression::Value value;  // views what PolicyConstants keeps
};

// A path and what it names.
struct RuleFact {
  std::string path;  // "request.amount", as expressions write it
  std::variant<RequestFact, AttributeFact, EventFact, BookFact, WindowFact, BreakerFact, LagFact,
               NowFact, ConstantFact>
      what;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_RULES_RULE_FACTS_H_
