#include "tests/torture/linearizability.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/torture/order_model.h"

namespace fundgate::torture {
namespace {

bool IsRow(const Operation& operation) {
  return operation.what == What::kPaid || operation.what == What::kRefunded ||
         operation.what == What::kFailed;
}

bool WasHeard(const Operation& operation) { return operation.returned != kNever; }

class Search {
 public:
  explicit Search(const History& history) : history_(history) {
    for (size_t i = 0; i < history.operations.size(); ++i) {
      const Operation& operation = history.operations[i];
      (IsRow(operation) ? rows_ : WasHeard(operation) ? heard_ : unheard_).push_back(i);
      if (!IsRow(operation) && WasHeard(operation)) ++missing_;
    }
    const auto by = [&history](Instant Operation::*time) {
      return [&history, time](size_t a, size_t b) {
        return history.operations[a].*time < history.operations[b].*time;
      };
    };
    std::sort(heard_.begin(), heard_.end(), by(&Operation::returned));
    std::sort(rows_.begin(), rows_.end(), by(&Operation::invoked));
    std::sort(unheard_.begin(), unheard_.end(), by(&Operation::invoked));
    done_.assign(history.operations.size(), '0');
  }

  Judgement Run() {
    Judgement judgement;
    // Of what nobody heard little is needed at once, almost always: more is tried only if that is
    // not the way.
    for (const size_t most : {size_t{1}, size_t{3}, unheard_.size()}) {
      most_ = most;
      seen_.clear();
      judgement.linearizable = Explore(Begin());
      if (judgement.linearizable || most >= unheard_.size()) break;
    }
    judgement.steps = steps_;
    if (judgement.linearizable) return judgement;
    judgement.why = absl::StrCat("order ", history_.order, " is not linearizable");
    if (steps_ > kMaxSteps) {
      judgement.why = absl::StrCat("order ", history_.order, ": given up after ", steps_, " steps");
    }
    absl::StrAppend(&judgement.why, "; the furthest way through it:\n", furthest_);
    return judgement;
  }

 private:
  // Nothing has happened. Which amount a key stands for is open only where it was asked for with
  // several.
  Order Begin() const {
    std::map<std::string, std::set<int64_t>> amounts;
    for (const Operation& operation : history_.operations) {
      if (operation.what == What::kCheck) amounts[operation.key].insert(operation.amount);
    }
    Order order;
    for (const auto& [key, asked] : amounts) {
      if (asked.size() == 1) order.refunds[key].bound = *asked.begin();
    }
    return order;
  }

  // Whether all that was heard can come after this state, in some order.
  bool Explore(const Order& order) {
    if (missing_ == 0) return true;
    if (++steps_ > kMaxSteps) return false;
    if (!seen_.insert(absl::StrCat(done_, order.Text())).second) return false;
    NoteFurthest(order);
    const Instant earliest_return = EarliestReturn(heard_);
    for (const size_t i : heard_) {
      if (IsDone(i) || At(i).invoked > earliest_return) continue;
      // What changes nothing may as well come at once.
      if (ChangesNothing(order, i)) return Take(order, i);
    }
    for (const size_t i : heard_) {
      if (!IsDone(i) && At(i).invoked <= earliest_return && Take(order, i)) return true;
    }
    if (DemandAny(order, earliest_return)) return true;
    const Instant earliest_commit = EarliestReturn(rows_);
    for (const size_t i : rows_) {
      const bool may = At(i).invoked <= earliest_return && At(i).invoked <= earliest_commit;
      if (!IsDone(i) && may && Take(order, i)) return true;
    }
    return false;
  }

  // Whether some call can come next after something that nobody heard of.
  bool DemandAny(const Order& order, Instant earliest_return) {
    return std::any_of(heard_.begin(), heard_.end(), [&](size_t i) {
      return !IsDone(i) && At(i).invoked <= earliest_return && AfterIt(order, i, nullptr).empty() &&
             Demand(order, i, 0, earliest_return, most_);
    });
  }

  // What nobody heard of may be put off until right before the first call that needs it: whatever
  // lies between doesn't, and leads to the same state. So it is tried for `wanted` alone, which
  // can't come next without it, and only as much of it as is enough.
  bool Demand(const Order& order, size_t wanted, size_t from, Instant earliest_return,
              size_t most) {
    if (most == 0 || IsPastHelp(order, At(wanted))) return false;
    for (size_t place = from; place < unheard_.size(); ++place) {
      const size_t i = unheard_[place];
      const bool may = !IsDone(i) && At(i).invoked <= earliest_return;
      if (!may || !MayHelp(At(i), At(wanted))) continue;
      if (++steps_ > kMaxSteps) return false;
      done_[i] = '1';
      way_.push_back(i);
      for (const Order& next : AfterIt(order, i, nullptr)) {
        if (next.Text() == order.Text()) continue;
        const bool found = AfterIt(next, wanted, nullptr).empty()
                               ? Demand(next, wanted, place + 1, earliest_return, most - 1)
                               : Take(next, wanted);
        if (found) return true;
      }
      way_.pop_back();
      done_[i] = '0';
    }
    return false;
  }

  // Only rows change what was paid and what is refunded.
  static bool IsPastHelp(const Order& order, const Operation& wanted) {
    if (wanted.what != What::kRead) return false;
    int64_t refunded = 0;
    for (const auto& [key, refund] : order.refunds) refunded += refund.posted;
    return wanted.paid != order.paid || wanted.refunded != refunded;
  }

  static bool MayHelp(const Operation& unheard, const Operation& wanted) {
    if (unheard.key == wanted.key || wanted.what == What::kRead) return true;
    if (wanted.heard == Heard::kAllow) return unheard.what == What::kRelease;  // gives room
    return wanted.heard == Heard::kOverdrawn && unheard.what == What::kCheck;  // takes it
  }

  bool Take(const Order& order, size_t i) {
    std::vector<Order> all = AfterIt(order, i, nullptr);
    if (all.empty()) return false;
    done_[i] = '1';
    way_.push_back(i);
    const int counts = !IsRow(At(i)) && WasHeard(At(i)) ? 1 : 0;
    missing_ -= counts;
    const bool found =
        std::any_of(all.begin(), all.end(), [this](const Order& next) { return Explore(next); });
    missing_ += counts;
    way_.pop_back();
    done_[i] = '0';
    return found;
  }

  bool ChangesNothing(const Order& order, size_t i) {
    const std::vector<Order> all = AfterIt(order, i, nullptr);
    return all.size() == 1 && all.front().Text() == order.Text();
  }

  std::vector<Order> AfterIt(const Order& order, size_t i, std::string* why) {
    const Operation& operation = At(i);
    if (operation.heard == Heard::kOverdrawn) {
      for (const size_t row : rows_) {
        if (IsDone(row) || At(row).returned >= operation.invoked) continue;
        if (why != nullptr) *why = absl::StrCat("not yet known: ", ToString(At(row)));
        return {};
      }
    }
    return After(order, operation, why);
  }

  Instant EarliestReturn(const std::vector<size_t>& which) const {
    Instant earliest = kNever;
    for (const size_t i : which) {
      if (!IsDone(i)) earliest = std::min(earliest, At(i).returned);
    }
    return earliest;
  }

  void NoteFurthest(const Order& order) {
    if (!furthest_.empty() && missing_ >= least_missing_) return;
    least_missing_ = missing_;
    furthest_.clear();
    for (const size_t i : way_) absl::StrAppend(&furthest_, "    ", ToString(At(i)), "\n");
    absl::StrAppend(&furthest_, "  then it stands so: ", order.Text(),
                    "\n  and none of these can come next:\n");
    const Instant earliest_return = EarliestReturn(heard_);
    for (const size_t i : heard_) {
      if (IsDone(i) || At(i).invoked > earliest_return) continue;
      std::string why;
      if (!AfterIt(order, i, &why).empty()) why = "it can, but what follows can't";
      absl::StrAppend(&furthest_, "    ", ToString(At(i)), "\n      ", why, "\n");
    }
  }

  const Operation& At(size_t i) const { return history_.operations[i]; }
  bool IsDone(size_t i) const { return done_[i] == '1'; }

  const History& history_;
  std::vector<size_t> heard_;    // calls of the gate, by their return
  std::vector<size_t> rows_;     // by their invocation
  std::vector<size_t> unheard_;  // calls of the gate
  std::string done_;             // a digit for each operation
  std::vector<size_t> way_;      // in the order in which they are done
  int missing_ = 0;              // of heard_
  std::unordered_set<std::string> seen_;
  size_t most_ = 0;  // that may be taken at once of what nobody heard of
  int64_t steps_ = 0;
  int least_missing_ = 0;
  std::string furthest_;
};

}  // namespace

Judgement JudgeHistory(const History& history) { return Search(history).Run(); }

}  // namespace fundgate::torture
