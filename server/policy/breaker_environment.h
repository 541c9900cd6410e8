// What conditions of breakers may name, and how their scopes are written.
#ifndef SERVER_POLICY_BREAKER_ENVIRONMENT_H_
#define SERVER_POLICY_BREAKER_ENVIRONMENT_H_

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "fundgate/policy/v1/document.pb.h"
#include "server/core/breaker_rules.h"
#include "server/expression/accessor.h"
#include "server/expression/environment.h"
#include "server/expression/program.h"

namespace fundgate::policy {

// The longest span that a breaker counts over.
inline constexpr absl::Duration kTripSpanMax = absl::Hours(24);

// "refund/account:{account_id}", "refund/account", "refund", "*".
struct ScopeTemplate {
  std::string checkpoint;
  std::string field;  // account, order, currency, an attribute; empty: none
};
// Nothing for other texts.
std::optional<ScopeTemplate> ParseScopeTemplate(std::string_view text);

// Whether `breakers.two_person` names the scope of these: whose breakers only two people loosen.
bool TakesTwoPeople(const v1::Document& document, const ScopeTemplate& scope);

// The breaker's name, or the one that is made of its scope.
std::string NameOf(const v1::AutoBreaker& breaker);

// The environment of one breaker's condition.
class BreakerEnvironment {
 public:
  // `document` must outlive it.
  explicit BreakerEnvironment(const v1::Document& document);
  BreakerEnvironment(const BreakerEnvironment&) = delete;
  BreakerEnvironment& operator=(const BreakerEnvironment&) = delete;

  expression::Compiled Compile(std::string_view text) {
    return expression::Compile(environment_, text, expression::Type::Bool());
  }

  // What one window counts, and over which span.
  struct Span {
    bool of_violations = false;
    absl::Duration length;

    friend bool operator==(const Span&, const Span&) = default;
  };

  // The fact of each slot so far; its window is an index into spans().
  std::vector<core::TripFact> Facts() const;
  const std::vector<Span>& spans() const { return spans_; }

 private:
  using Arguments = std::span<const expression::AccessorArgument>;

  void AddMeasure(const char* name, core::TripFact::Measure measure, bool of_violations,
                  const expression::Type& type, bool of_money);
  absl::StatusOr<size_t> SpanOf(const char* name, bool of_violations, Arguments arguments);
  void AddSources();

  const v1::Document& document_;
  expression::Environment environment_;
  std::map<std::string, core::TripFact> facts_;  // by path
  std::vector<Span> spans_;
};

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_BREAKER_ENVIRONMENT_H_
