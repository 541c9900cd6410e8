// The policy under test as the model knows it: plain tables written by hand, not derived from the
// machine's policy.
#ifndef TESTS_MODEL_FACTS_H_
#define TESTS_MODEL_FACTS_H_

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/core/movement.h"
#include "server/core/records.h"

namespace fundgate::model {

__extension__ typedef __int128 Wide;  // no sum of the test comes near its edges

// A number added to one counter of one book.
struct Step {
  core::BookId book;
  size_t counter = 0;
  Wide amount = 0;
  OrderId line;
};

struct KindFacts {
  std::string kind;
  bool gated = false;
  bool needs_order = true;
  bool many_lines = false;
  bool reversible = false;
  bool has_source = true;
};

struct CheckpointFacts {
  std::string kind;
  absl::Duration max_staleness;
  absl::Duration valid_for;
  absl::Duration overdue_after;
  std::vector<std::string> sources;
  std::string reporter;  // who tells that it happened; empty: nobody
  bool auto_release = false;
  bool allows_stale = false;  // within a budget
};

// What an expression over 64-bit integers comes to.
enum class Truth { kYes, kNo, kOverflow };

struct InvariantFacts {
  std::string name;
  std::string book;
  Truth (*holds)(const std::vector<Wide>& counters);
  std::vector<int> influence;  // by counter: +1 tightens, -1 loosens, 0 neither
  std::vector<std::string> cures;
};

// What is counted of what, by whom, and how it is forgotten.
struct WindowFacts {
  std::string name;
  std::string kind;
  std::string by;  // "account", "order" or the name of an attribute
  int64_t span_seconds = 0;
  int64_t part_seconds = 0;  // it forgets in parts
};

const WindowFacts& FindWindow(const std::string& name);
// Whether the rule counts for half of all accounts, and this is one of them.
bool IsInHalf(const std::string& rule, const std::string& account);

const KindFacts* FindKind(const std::string& kind);
const std::vector<InvariantFacts>& AllInvariants();
size_t CountersOf(const std::string& book);
std::set<std::string> SourcesOf(const std::string& book);
std::set<std::string> BooksOf(const std::string& kind);

// What a line of a movement adds where; zeros are left out.
std::vector<Step> StepsOf(const std::string& kind, const AccountId& account, Currency currency,
                          const core::Line& line);

}  // namespace fundgate::model

#endif  // TESTS_MODEL_FACTS_H_
