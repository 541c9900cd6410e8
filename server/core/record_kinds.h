// The kinds of records that the state consists of, each declared here once. Changes, drafts, the
// state in memory, the store, its views and verification are built from these lists: a new kind
// needs an entry below and the description of its fields in the store (server/store/fields.h).
#ifndef SERVER_CORE_RECORD_KINDS_H_
#define SERVER_CORE_RECORD_KINDS_H_

#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "server/core/alert_records.h"
#include "server/core/breaker_record.h"
#include "server/core/hold_record.h"
#include "server/core/records.h"
#include "server/core/rules/statistics.h"
#include "server/core/snapshot_record.h"
#include "server/core/timer.h"
#include "server/core/verification/watch.h"
#include "server/core/windows/record.h"

namespace fundgate::core {

// A kind has an Id (ordered; with a hash if it is stored), a Record (comparable), a name for
// messages, and a letter that names it on disk: never change one or use it again.

// ---- Stored: read by id when they are needed ----

struct Books {
  using Id = BookId;
  using Record = Book;
  static constexpr std::string_view kName = "books";
  static constexpr char kLetter = 'B';
};
struct Families {
  using Id = FamilyId;
  using Record = Family;
  static constexpr std::string_view kName = "families";
  static constexpr char kLetter = 'F';
};
struct Keys {
  using Id = KeyId;
  using Record = KeyRecord;
  static constexpr std::string_view kName = "keys";
  static constexpr char kLetter = 'K';
};

// Keys that have expired after a row had counted: their books have its amount. Whoever reads the
// row anew must not post it again.
struct ForgottenKeys {
  using Id = KeyId;
  using Record = Nothing;
  static constexpr std::string_view kName = "forgotten keys";
  static constexpr char kLetter = 'f';
};

struct Windows {
  using Id = WindowId;
  using Record = Window;
  static constexpr std::string_view kName = "windows";
  static constexpr char kLetter = 'w';
};
// By the rule's name.
struct RulesSeen {
  using Id = std::string;
  using Record = RuleStatistics;
  static constexpr std::string_view kName = "statistics of rules";
  static constexpr char kLetter = 'r';
};

// What checks between events remember.
struct Watches {
  using Id = WatchId;
  using Record = Watch;
  static constexpr std::string_view kName = "watches";
  static constexpr char kLetter = 'v';
};

// By id; the ids begin with the journal's sequence, so that they sort as they were found.
struct Violations {
  using Id = std::string;
  using Record = Violation;
  static constexpr std::string_view kName = "violations";
  static constexpr char kLetter = 'x';
};
// By id, which sorts as a violation's does.
struct Groups {
  using Id = std::string;
  using Record = Group;
  static constexpr std::string_view kName = "groups";
  static constexpr char kLetter = 'G';
};
// Every change of a breaker, as it became.
struct BreakerChanges {
  using Id = BreakerChangeId;
  using Record = Breaker;
  static constexpr std::string_view kName = "history of breakers";
  static constexpr char kLetter = 'h';
};
// Keys that are held, for whoever lists them: an index over the holds in the records of keys.
struct HoldQueue {
  using Id = HoldEntry;
  using Record = Nothing;
  static constexpr std::string_view kName = "holds";
  static constexpr char kLetter = 'H';
};

// ---- Stored queues: also read in order, the earliest first. Ids begin with a time, `at`, or with
// a lane: then each lane is read by itself ----

struct Timers {
  using Id = Timer;
  using Record = Nothing;
  static constexpr std::string_view kName = "timers";
  static constexpr char kLetter = 'T';
};

// When windows may have become empty.
struct WindowEnds {
  using Id = WindowEnd;
  using Record = Nothing;
  static constexpr std::string_view kName = "ends of windows";
  static constexpr char kLetter = 'e';
};

// When watches must be looked at; a lane for each check.
struct WatchTurns {
  using Id = WatchTurn;
  using Record = Nothing;
  static constexpr std::string_view kName = "turns of watches";
  static constexpr char kLetter = 'V';
  static bool SameLane(const Id& a, const Id& b) { return a.check == b.check; }
};

// ---- Resident: few, and always in memory ----

struct Sources {
  using Id = SourceName;
  using Record = Source;
  static constexpr std::string_view kName = "sources";
  static constexpr char kLetter = 's';
};
// By scope; only those not CLOSED.
struct Breakers {
  using Id = std::string;
  using Record = Breaker;
  static constexpr std::string_view kName = "breakers";
  static constexpr char kLetter = 'b';
};
struct Gaps {
  using Id = GapScope;
  using Record = Gap;
  static constexpr std::string_view kName = "gaps";
  static constexpr char kLetter = 'g';
};
struct Suspects {
  using Id = SuspectId;
  using Record = Suspect;
  static constexpr std::string_view kName = "suspects";
  static constexpr char kLetter = 'u';
};
// What was allowed by declared ALLOWs, by checkpoint.
struct BlindSpent {
  using Id = MovementKind;
  using Record = Budget;
  static constexpr std::string_view kName = "money allowed without proof";
  static constexpr char kLetter = 'l';
};
// The groups that take new members, at most kMaxOpenGroups of them.
struct OpenGroups {
  using Id = GroupKey;
  using Record = OpenGroup;
  static constexpr std::string_view kName = "open groups";
  static constexpr char kLetter = 'o';
};
// What waits to be told, by slot: a group's id, or what a call is about. One slot holds one alert,
// its newest. Bounded by kMaxWaiting.
struct Outbox {
  using Id = std::string;
  using Record = Alert;
  static constexpr std::string_view kName = "waiting alerts";
  static constexpr char kLetter = 'a';
};
// The newest run of each source that read its tables anew, over or not.
struct SnapshotRuns {
  using Id = SourceName;
  using Record = SnapshotRun;
  static constexpr std::string_view kName = "snapshots";
  static constexpr char kLetter = 'n';
};
// Plans in force, by name.
struct PlanRuns {
  using Id = std::string;
  using Record = PlanRun;
  static constexpr std::string_view kName = "plans";
  static constexpr char kLetter = 'p';
};
// By id; bounded by kMaxLeases.
struct Leases {
  using Id = std::string;
  using Record = Lease;
  static constexpr std::string_view kName = "leases";
  static constexpr char kLetter = 'c';
};
// How violations turned out, by their name.
struct Tallies {
  using Id = std::string;
  using Record = Tally;
  static constexpr std::string_view kName = "tallies";
  static constexpr char kLetter = 't';
};

// ---- The lists ----

template <typename... Kinds>
struct KindList {
  // Into<Of<Kind>...>
  template <template <typename> class Of, template <typename...> class Into>
  using Each = Into<Of<Kinds>...>;

  template <typename Kind>
  static constexpr bool kHas = (std::is_same_v<Kind, Kinds> || ...);

  // Calls `visit(Kind())` for each kind, in order.
  template <typename Visit>
  static void ForEach(const Visit& visit) {
    (visit(Kinds()), ...);
  }
};

template <typename A, typename B>
struct JoinLists;
template <typename... A, typename... B>
struct JoinLists<KindList<A...>, KindList<B...>> {
  using List = KindList<A..., B...>;
};

using QueueKinds = KindList<Timers, WindowEnds, WatchTurns>;
using StoredKinds = JoinLists<KindList<Books, Families, Keys, ForgottenKeys, Windows, RulesSeen,
                                       Watches, Violations, Groups, BreakerChanges, HoldQueue>,
                              QueueKinds>::List;
using ResidentKinds = KindList<Sources, Breakers, Gaps, Suspects, BlindSpent, OpenGroups, Outbox,
                               SnapshotRuns, PlanRuns, Leases, Tallies>;
using AllKinds = JoinLists<StoredKinds, ResidentKinds>::List;

// Whether two ids of a queue stand in one lane.
template <typename Kind>
bool SameLane(const typename Kind::Id& a, const typename Kind::Id& b) {
  if constexpr (requires { Kind::SameLane(a, b); }) {
    return Kind::SameLane(a, b);
  } else {
    return true;
  }
}

// ---- One table for each kind of a list ----

template <template <typename> class Table, typename List>
class KindTables;

template <template <typename> class Table, typename... Kinds>
class KindTables<Table, KindList<Kinds...>> {
 public:
  template <typename Kind>
  Table<Kind>& of() {
    return std::get<Holder<Kind>>(tables_).table;
  }
  template <typename Kind>
  const Table<Kind>& of() const {
    return std::get<Holder<Kind>>(tables_).table;
  }

  friend bool operator==(const KindTables&, const KindTables&) = default;

 private:
  template <typename Kind>
  struct Holder {
    Table<Kind> table;
    friend bool operator==(const Holder&, const Holder&) = default;
  };
  std::tuple<Holder<Kinds>...> tables_;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_RECORD_KINDS_H_
