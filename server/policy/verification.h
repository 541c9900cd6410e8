// The sections matches, chains, transitions and guards: how their texts are read, and how they
// become what the core runs.
#ifndef SERVER_POLICY_VERIFICATION_H_
#define SERVER_POLICY_VERIFICATION_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fundgate/policy/v1/document.pb.h"
#include "server/expression/environment.h"

namespace fundgate::policy {

// A field of each side of a match.
struct FieldPair {
  std::string left;
  std::string right;
};

// "order_id", "order_no = order_id", several with commas between. Nothing if it has another form.
std::optional<std::vector<FieldPair>> ParseFieldPairs(std::string_view text);

// What a condition on one event may read; null if it can't be made.
std::unique_ptr<expression::Environment> NewEventEnvironment(const v1::Document& document,
                                                             const std::string& event);

// What `allow` of a guard may read; null if it can't be made.
std::unique_ptr<expression::Environment> NewGuardEnvironment(const v1::Document& document,
                                                             const v1::Guard& guard);

// The source whose table a guard is about: the named one, or the only database. Empty if there is
// none or more than one.
std::string SourceOfGuard(const v1::Document& document, const v1::Guard& guard);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_VERIFICATION_H_
