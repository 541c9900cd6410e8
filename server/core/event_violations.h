// Compares what an event says with what was allowed, and raises what doesn't fit.
#ifndef SERVER_CORE_EVENT_VIOLATIONS_H_
#define SERVER_CORE_EVENT_VIOLATIONS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "server/core/draft.h"
#include "server/core/events.h"
#include "server/core/policy.h"
#include "server/core/records.h"

namespace fundgate::core {

// The violations of one event on one key, and the breakers that the policy opens because of them.
// Reads the key as it was before the event was counted.
class EventViolations {
 public:
  EventViolations(Draft& draft, const SourceDefinition& source, const Event& event,
                  const MovementDefinition& movement, const KeyId& key)
      : draft_(draft), source_(source), event_(event), movement_(movement), key_(key) {}

  // The row counts: was it allowed, once, with this amount, for this account and order?
  void Compare(const Contribution& after, bool is_duplicate);

  // What was posted shrank or went. Raises nothing for kinds that are reversible.
  void Undone(const RowContribution& posted, const Contribution* after);

 private:
  // Of the whole line, or of the named part.
  struct Difference {
    std::string part;
    int64_t allowed = 0;
    int64_t moved = 0;
  };

  void CompareWithState(const KeyRecord& record, const Contribution& after);
  void CompareWithReservation(const KeyRecord& record, const Contribution& after);
  void CompareCurrency(const Contribution& after);
  Line MovedOfLine(const KeyRecord& record, const Contribution& after) const;
  // Other amounts moved than were allowed.
  void RaiseMismatch(const Contribution& after, const std::vector<Difference>& differences);
  bool IsHistory() const;
  void Raise(ViolationKind kind, const Contribution& after, std::string message,
             std::vector<std::pair<std::string, std::string>> fields = {});

  Draft& draft_;
  const SourceDefinition& source_;
  const Event& event_;
  const MovementDefinition& movement_;
  const KeyId& key_;
};

// What tells a row of a kind of many lines apart from the others of its key: by default its order.
const std::string& PartOf(const Contribution& row);

// Adds who wrote the event to the violation's fields: "origin.server_id", "origin.statement",
// "origin.marker.NAME".
void AddOrigin(const EventOrigin& origin, Violation& violation);

// Adds what the event says of itself: its id and time, who wrote it, which row it was ("table",
// "primary_key"), a fact's "key", and attributes or fields ("attribute.NAME").
void AddEvent(const Event& event, Violation& violation);

// Opens the breaker that the reaction asks for, unless the violation concerns no account or
// happened before go-live. A freeze
// holds all checks of the account, a trip those of the kind, or all where the kind has no
// checkpoint (or is empty).
void React(Draft& draft, OnEvent reaction, const MovementKind& kind, const Violation& violation);

// The power of ten by which one amount is the other one: 2 for 1234 and 12.34; 0 if it is none.
int PowerOfTenBetween(int64_t a, int64_t b);

}  // namespace fundgate::core

#endif  // SERVER_CORE_EVENT_VIOLATIONS_H_
