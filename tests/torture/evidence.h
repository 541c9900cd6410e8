// What was heard must be found again, and books must be what the tables say.
#ifndef TESTS_TORTURE_EVIDENCE_H_
#define TESTS_TORTURE_EVIDENCE_H_

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "fundgate/v1/audit.pb.h"
#include "tests/torture/history.h"
#include "tests/torture/services.h"
#include "tests/torture/world.h"

namespace fundgate::torture {

// All decisions that were heard. Each function returns what is wrong, a sentence each.
class Evidence {
 public:
  // The same decision must always be heard in the same words, and be of one key.
  std::vector<std::string> Add(std::vector<HeardDecision> heard);

  // What became of what was allowed.
  void Add(const History& history);

  const std::vector<HeardDecision>& heard() const { return heard_; }

  // The newest so many are known to the gate as they were heard.
  std::vector<std::string> CheckNewest(const Stubs& stubs, size_t count) const;
  // All are, and are in the journal in the same words.
  std::vector<std::string> CheckAll(const Stubs& stubs) const;
  // No violation was found in what was good. Clients forget some of what they were allowed, on
  // purpose: what is neither confirmed, released nor made is overdue some minutes later.
  std::vector<std::string> CheckViolations(const Stubs& stubs) const;

 private:
  bool IsForgotten(const v1::Violation& overdue) const;

  std::vector<HeardDecision> heard_;  // each once
  std::unordered_map<std::string, size_t> places_;
  std::unordered_set<std::string> settled_;  // decisions whose Confirm or Release was taken
  std::unordered_set<std::string> made_;     // keys of refunds that were made
};

// Nothing waits any more: each book is what the tables say, and no more is refunded than paid.
std::vector<std::string> CheckBooks(World& world);

}  // namespace fundgate::torture

#endif  // TESTS_TORTURE_EVIDENCE_H_
