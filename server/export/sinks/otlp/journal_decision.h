// A record of the journal, as spans tell it.
#ifndef SERVER_EXPORT_SINKS_OTLP_JOURNAL_DECISION_H_
#define SERVER_EXPORT_SINKS_OTLP_JOURNAL_DECISION_H_

#include <functional>
#include <optional>
#include <string>

#include "otlp/decision_span.h"
#include "server/store/view.h"

namespace fundgate::exporting {

// Of checks, and of movements that a caller allowed by its lease; nothing for other
// records. `shown` gives a reason's name as outsiders may
// see it: a breaker's is its scope, with a value in it; empty: as it is.
std::optional<otlp::DecisionFacts> DecisionOf(
    const store::JournalEntry& entry,
    const std::function<std::string(const std::string& name)>& shown = nullptr);

}  // namespace fundgate::exporting

#endif  // SERVER_EXPORT_SINKS_OTLP_JOURNAL_DECISION_H_
