#include "server/core/preflight.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"
#include "fundgate/types/checked.h"
#include "fundgate/types/text.h"
#include "server/core/books.h"

namespace fundgate::core {
namespace {

// Names that breaker scopes use for fields of their own.
constexpr std::string_view kReservedAttributes[] = {"account", "order", "currency"};

class Validation {
 public:
  Validation(const Policy& policy, const CheckInput& check) : policy_(policy), check_(check) {}

  std::vector<FieldProblem> Run() && {
    const CheckpointDefinition* checkpoint = policy_.FindCheckpoint(check_.key.kind);
    Id("idempotency_key", check_.key.key.value(), true);
    Id("account_id", check_.account.value(), true);
    Id("request_id", check_.request_id, false);
    if (check_.amount.currency.empty()) Add("amount.currency_code", "is required, like CNY");
    if (check_.amount.minor_units <= 0) Add("amount.minor_units", "must be more than 0");
    if (check_.max_staleness.has_value() && *check_.max_staleness < absl::ZeroDuration()) {
      Add("max_staleness", "must not be negative");
    }
    AttributesAreBounded();
    if (checkpoint == nullptr) {
      Add("checkpoint",
          absl::StrCat("\"", check_.key.kind.value(),
                       "\" is no checkpoint of the policy; there are: ", Checkpoints()));
    } else {
      LinesFit(policy_.movements[checkpoint->movement]);
      SourcesExist();
    }
    return std::move(problems_);
  }

 private:
  void Add(std::string field, std::string message) {
    problems_.push_back({std::move(field), std::move(message)});
  }

  void Id(std::string_view field, std::string_view value, bool required) {
    const std::string problem = ProblemOf(value, required);
    if (!problem.empty()) Add(std::string(field), problem);
  }

  // What is wrong with an id; empty if nothing is.
  static std::string ProblemOf(std::string_view value, bool required) {
    if (required && value.empty()) return "is required";
    if (value.size() <= kMaxIdBytes) return {};
    return absl::StrCat("is ", value.size(), " bytes long; at most ", kMaxIdBytes, " are allowed");
  }

  std::string Checkpoints() const {
    std::string names;
    for (const CheckpointDefinition& checkpoint : policy_.checkpoints) {
      absl::StrAppend(&names, names.empty() ? "" : ", ", checkpoint.kind.value());
    }
    return names;
  }

  void AttributesAreBounded() {
    if (check_.attributes.size() > kMaxAttributes) {
      Add("attributes", absl::StrCat("has more than ", kMaxAttributes, " entries"));
    }
    for (const auto& [name, value] : check_.attributes) {
      const auto add = [this, &name = name](std::string message) {
        Add(absl::StrCat("attributes[", name, "]"), std::move(message));
      };
      if (name.empty() || name.size() > kMaxIdBytes) {
        Add("attributes", absl::StrCat("names have 1 to ", kMaxIdBytes, " bytes"));
      } else if (std::count(std::begin(kReservedAttributes), std::end(kReservedAttributes), name)) {
        add("has a name that is reserved for a field of the check itself");
      }
      const auto declared = policy_.attributes.find(name);
      if (declared != policy_.attributes.end() &&
          value.index() != static_cast<size_t>(declared->second)) {
        add(absl::StrCat("must be of type ", ToAbsl(ToString(declared->second)),
                         ", as the policy declares it"));
      }
      const auto* text = std::get_if<std::string>(&value);
      if (text != nullptr && text->size() > kMaxTextBytes) {
        add(absl::StrCat("is longer than ", kMaxTextBytes, " bytes"));
      }
    }
  }

  void SourcesExist() {
    for (const auto& [name, position] : check_.after_positions) {
      if (policy_.FindSource(name) == nullptr) {
        Add(absl::StrCat("after_positions[", name.value(), "]"), "names no source of the policy");
      }
    }
  }

  void LinesFit(const MovementDefinition& movement) {
    if (check_.lines.empty() || check_.lines.size() > kMaxLines) {
      return Add("lines", absl::StrCat("must be 1 to ", kMaxLines, " lines"));
    }
    if (check_.lines.size() > 1 && !movement.many_lines) {
      return Add("lines", absl::StrCat("a ", movement.kind.value(),
                                       " names one order; only kinds declared with `parts` take "
                                       "several lines"));
    }
    std::optional<int64_t> sum = 0;
    for (size_t i = 0; i < check_.lines.size(); ++i) {
      const Line& line = check_.lines[i];
      LineFits(movement, i);
      if (sum.has_value()) sum = CheckedAdd(*sum, line.amount);
    }
    if (!sum.has_value() || *sum != check_.amount.minor_units) {
      Add("amount.minor_units", sum.has_value() ? absl::StrCat("is ", check_.amount.minor_units,
                                                               ", but the lines add up to ", *sum)
                                                : "the lines' amounts add up to more than 64 bits");
    }
  }

  void LineFits(const MovementDefinition& movement, size_t index) {
    const Line& line = check_.lines[index];
    const auto field = [index](std::string_view name) {
      return absl::StrCat("lines[", index, "].", ToAbsl(name));
    };
    const bool implied = check_.lines.size() == 1;
    const std::string problem = ProblemOf(line.order.value(), NeedsOrder(policy_, movement));
    if (!problem.empty()) Add(implied ? "order_id" : field("order_id"), problem);
    if (index > 0 && !(check_.lines[index - 1].order < line.order)) {
      Add(field("order_id"), absl::StrCat("order ", line.order.value(), " stands there twice"));
    }
    if (line.amount <= 0) Add(field("amount.minor_units"), "must be more than 0");
    const std::optional<std::string> mismatch = PartsMismatch(movement, line);
    if (mismatch.has_value()) Add(field("parts"), *mismatch);
  }

  const Policy& policy_;
  const CheckInput& check_;
  std::vector<FieldProblem> problems_;
};

}  // namespace

std::vector<FieldProblem> ValidateCheck(const Policy& policy, const CheckInput& check) {
  return Validation(policy, check).Run();
}

}  // namespace fundgate::core
