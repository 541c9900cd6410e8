// Changes of one rule within the text of a document: whatever else stands there stays, comments and
// layout included.
#ifndef SERVER_POLICY_RULE_EDIT_H_
#define SERVER_POLICY_RULE_EDIT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "fundgate/policy/v1/document.pb.h"
#include "server/policy/loader.h"

namespace fundgate::policy {

// What the rule is to be; nothing: as it is.
struct RuleEdit {
  std::string rule;
  std::optional<v1::RuleMode> mode;
  std::optional<int64_t> percent;  // 0 to 100
};

// The edited text, which reads as the document with this change and no other: that is proven before
// it is returned. `text` is what `loaded` was read from. NOT_FOUND if there is no such rule;
// FAILED_PRECONDITION if the rule is like that already, or if its layout is such that only its
// author can change it.
absl::StatusOr<std::string> EditRule(std::string_view text, const LoadedPolicy& loaded,
                                     const RuleEdit& edit);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_RULE_EDIT_H_
