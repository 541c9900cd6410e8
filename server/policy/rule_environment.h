// What rules may name, with exact types, and which fact each of it is. The paths stand in
// server/core/rules/rule_facts.h.
#ifndef SERVER_POLICY_RULE_ENVIRONMENT_H_
#define SERVER_POLICY_RULE_ENVIRONMENT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "fundgate/policy/v1/document.pb.h"
#include "server/core/policy.h"
#include "server/core/rules/rule_facts.h"
#include "server/expression/environment.h"
#include "server/expression/program.h"

namespace fundgate::policy {

// The environment of a document's rules over checks, which share one table of slots, or of one that
// looks at an event. What a document declares wrongly is left out; Validate() says what that is.
class RuleEnvironment {
 public:
  // `document` must outlive it. `event` is the name of a movement or a fact; empty: checks.
  explicit RuleEnvironment(const v1::Document& document, const std::string& event = "");
  RuleEnvironment(const RuleEnvironment&) = delete;
  RuleEnvironment& operator=(const RuleEnvironment&) = delete;

  expression::Compiled Compile(std::string_view text) {
    return expression::Compile(environment_, text, expression::Type::Bool());
  }

  // The fact of each slot so far. Not yet filled in: indices of books, counters and windows, and
  // the fields of events, which are left as EventFact with the path alone.
  std::vector<core::RuleFact> Facts() const;
  // What the facts' constants view; afterwards nothing may be compiled any more.
  core::PolicyConstants TakeConstants() { return std::move(constants_); }

  // A checkpoint that the expression names: "refund" of request.checkpoint == "refund", and where.
  struct NamedCheckpoint {
    std::string name;
    uint32_t offset = 0;
  };
  // Those that it names; of all other checkpoints it is surely false. Nothing if it may be true of
  // any.
  std::optional<std::vector<NamedCheckpoint>> CheckpointsOf(const expression::Program& program);

 private:
  using What = decltype(core::RuleFact::what);
  using Fields = std::vector<expression::RecordType::Field>;

  void Field(Fields& fields, const std::string& front, const std::string& name,
             const expression::Type& type, What what);
  void AddRequest();
  bool CanRead(const v1::Window& window) const;
  void AddWindow(const std::string& name, const v1::Window& window);
  void AddWindows();
  void AddConstants();
  void AddBooks();
  void AddBreakers();
  void AddSources();
  void Declare(const std::string& variable, const Fields& fields);

  absl::StatusOr<expression::Type> ResolveBook(
      const std::string& call, std::span<const expression::AccessorArgument> arguments);
  absl::StatusOr<expression::Type> ResolveBreaker(
      const std::string& call, std::span<const expression::AccessorArgument> arguments);

  const v1::Document& document_;
  const std::string event_;  // empty: checks
  expression::Environment environment_;
  std::map<std::string, What> facts_;  // by path
  core::PolicyConstants constants_;
};

// "channel" of "attributes.channel"; nothing for another text.
std::optional<std::string> AttributeIn(std::string_view text);

// Whether the window sums up money: of checks and movements always, of facts the field `amount`.
bool SumsMoney(const v1::Document& document, const v1::Window& window);

expression::Type ToType(v1::AttributeType type);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_RULE_ENVIRONMENT_H_
