// What was heard must be found again, and books must be what the tables say.
#ifndef TESTS_TORTURE_EVIDENCE_H_
#define TESTS_TORTURE_EVIDENCE_H_

#include <string>
#include <unordered_map>
#include <vector>

#include "tests/torture/services.h"
#include "tests/torture/world.h"

namespace fundgate::torture {

// All decisions that were heard. Each function returns what is wrong, a sentence each.
class Evidence {
 public:
  // The same decision must always be heard in the same words, and be of one key.
  std::vector<std::string> Add(std::vector<HeardDecision> heard);

  const std::vector<HeardDecision>& heard() const { return heard_; }

  // The newest so many are known to the gate as they were heard.
  std::vector<std::string> CheckNewest(const Stubs& stubs, size_t count) const;
  // All are, and are in the journal in the same words.
  std::vector<std::string> CheckAll(const Stubs& stubs) const;

 private:
  std::vector<HeardDecision> heard_;  // each once
  std::unordered_map<std::string, size_t> places_;
};

// Nothing waits any more: each book is what the tables say, no more is refunded than paid, and no
// violation was found in events that all were good.
std::vector<std::string> CheckBooks(World& world);

}  // namespace fundgate::torture

#endif  // TESTS_TORTURE_EVIDENCE_H_
