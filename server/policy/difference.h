// What is different between two policy documents, by meaning and not by text: order, comments,
// quotes and line breaks make no difference.
#ifndef SERVER_POLICY_DIFFERENCE_H_
#define SERVER_POLICY_DIFFERENCE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "fundgate/policy/v1/document.pb.h"

namespace fundgate::policy {

enum class ChangeKind : uint8_t { kAdded, kRemoved, kChanged };

// One field, or one entry that is there only once.
struct Change {
  ChangeKind kind = ChangeKind::kChanged;
  std::string path;    // "checkpoints.refund.patience", "tests[a refund is allowed].check.amount"
  std::string before;  // as a document writes it, on one line; empty if it was added
  std::string after;   // empty if it was removed

  friend bool operator==(const Change&, const Change&) = default;
};

// All changes that make `after` of `before`: sections as the schema lists them, entries by name. An
// entry that is there only once is one change, with all it holds. Works by the schema alone: a new
// section or field needs no change here.
std::vector<Change> Difference(const v1::Document& before, const v1::Document& after);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_DIFFERENCE_H_
