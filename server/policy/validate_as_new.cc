// What is asked of new documents only; see validate.h. Whatever stands here has its counterpart in
// the machine, which is safe under a document that breaks it.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "server/policy/breaker_environment.h"
#include "server/policy/money_functions.h"
#include "server/policy/validate.h"
#include "server/policy/validate_parts.h"

namespace fundgate::policy {
namespace {

// What a condition reads before anything is counted: enough to find what can never be judged, such
// as two currencies that are compared.
class NothingCounted final : public expression::Activation {
 public:
  explicit NothingCounted(const std::vector<core::TripFact>& facts) : facts_(facts) {}

  expression::Value Fetch(uint32_t slot) const override {
    switch (facts_[slot].measure) {
      case core::TripFact::Measure::kViolatedAmount:
      case core::TripFact::Measure::kAtRisk:
        return ToValue(Money{facts_[slot].currency, 0});
      case core::TripFact::Measure::kRefusedShare:
        return core::ToValue(core::Rate{});
      case core::TripFact::Measure::kLag:
        return expression::Value::Duration(0);
      case core::TripFact::Measure::kViolations:
      case core::TripFact::Measure::kAnswers:
      case core::TripFact::Measure::kRefused:
        break;
    }
    return expression::Value::Int(0);
  }

 private:
  const std::vector<core::TripFact>& facts_;
};

// In the machine a condition that can't be judged is false.
void CheckJudgeable(const Validation& v, const std::string& path, const v1::AutoBreaker& breaker) {
  if (!v.places.IsRead(path)) return;
  BreakerEnvironment environment(v.document);
  const expression::Compiled compiled = environment.Compile(breaker.trip_when());
  if (!compiled.ok()) return;  // said elsewhere
  const std::vector<core::TripFact> facts = environment.Facts();
  const expression::Value tried = compiled.program->Evaluate(NothingCounted(facts));
  if (!tried.is_error()) return;
  v.AtValue(path, absl::StrCat("it could never be judged: ", ToAbsl(tried.error_text())),
            tried.error_offset());
}

void CheckAutoBreakers(const Validation& v) {
  for (int i = 0; i < v.document.breakers().auto__size(); ++i) {
    const v1::AutoBreaker& breaker = v.document.breakers().auto_(i);
    const std::string path = absl::StrCat("breakers.auto[", i, "]");
    const std::optional<ScopeTemplate> scope = ParseScopeTemplate(breaker.scope());
    if (!scope.has_value()) continue;
    CheckJudgeable(v, path + ".trip_when", breaker);
    if (breaker.has_half_open_after() && TakesTwoPeople(v.document, *scope)) {
      v.AtKey(path + ".half_open_after",
              "only two people loosen this scope, as two_person says: it is not tried by itself; "
              "leave this out, or the scope there");
    }
  }
}

// Whether only two people loosen the breakers that it opens.
bool OpensForTwoPeople(const v1::Document& document, const v1::Action& action) {
  if (!action.freeze().empty()) return TakesTwoPeople(document, {"*", action.freeze()});
  const std::optional<ScopeTemplate> scope = ParseScopeTemplate(action.trip());
  return scope.has_value() && TakesTwoPeople(document, *scope);
}

void CheckActions(const Validation& v) {
  for (const auto& [name, action] : v.document.actions()) {
    if (!action.has_lasts() || !OpensForTwoPeople(v.document, action)) continue;
    v.AtKey(absl::StrCat("actions.", name, ".lasts"),
            "only two people loosen the breakers that this opens, as breakers.two_person says: "
            "they do not end by themselves; leave this out, or the scope there");
  }
}

}  // namespace

void ValidateAsNew(const v1::Document& document, const Places& places, Problems& problems) {
  const Validation validation{document, places, problems};
  CheckAutoBreakers(validation);
  CheckActions(validation);
}

}  // namespace fundgate::policy
