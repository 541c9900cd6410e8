#include "server/sidecar/mapping/fact_declaration.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "server/expression/utf8.h"
#include "server/policy/money_functions.h"
#include "server/sidecar/mapping/declaration.h"
#include "server/sidecar/mapping/row_identity.h"

namespace fundgate::mapping {
namespace {

using expression::Program;
using expression::Value;

constexpr size_t kMaxTextBytes = 1024;  // of a Value in the contract

std::string_view Wanted(policy::v1::FactType type) {
  switch (type) {
    case policy::v1::FACT_TYPE_INT:
      return "is no whole number of 64 bits";
    case policy::v1::FACT_TYPE_BOOL:
      return "is neither true nor false; of a TINYINT(1) write row.column != 0";
    case policy::v1::FACT_TYPE_MONEY:
      return "is no amount of money";
    default:
      return "is neither text nor a whole number";
  }
}

// The value as the contract carries it, or nothing if it isn't of the type.
std::optional<v1::Value> Carried(const Value& value, policy::v1::FactType type) {
  v1::Value carried;
  if (type == policy::v1::FACT_TYPE_STRING) {
    if (value.is_int()) {
      carried.set_string_value(absl::StrCat(value.int_value()));
    } else if (value.is_uint()) {
      carried.set_string_value(absl::StrCat(value.uint_value()));
    } else if (value.is_string() && value.string_value().size() <= kMaxTextBytes &&
               expression::InvalidUtf8At(value.string_value()) == std::string_view::npos) {
      carried.set_string_value(std::string(value.string_value()));
    } else {
      return std::nullopt;
    }
  } else if (type == policy::v1::FACT_TYPE_INT && value.is_int()) {
    carried.set_int_value(value.int_value());
  } else if (type == policy::v1::FACT_TYPE_BOOL && value.is_bool()) {
    carried.set_bool_value(value.bool_value());
  } else if (type == policy::v1::FACT_TYPE_MONEY && value.is_opaque(policy::kMoneyId)) {
    const Money money = policy::ToMoney(value);
    carried.mutable_money_value()->set_currency_code(std::string(money.currency.code()));
    carried.mutable_money_value()->set_minor_units(money.minor_units);
  } else {
    return std::nullopt;
  }
  return carried;
}

}  // namespace

FactDeclaration::FactDeclaration(policy::FactTableMapping mapping)
    : mapping_(std::move(mapping)), frame_(*mapping_.environment) {}

void FactDeclaration::Blame(std::string_view field, const Program& program, std::string_view what,
                            FactReading& reading) const {
  if (!reading.problem.empty()) return;  // the first says enough
  reading.problem =
      absl::StrCat(ToAbsl(field), ": ", ToAbsl(what), " (", frame_.Describe(program), ")");
}

bool FactDeclaration::Speaks(FactReading& reading) {
  if (!mapping_.when.has_value()) return true;
  const Value answer = frame_.Evaluate(*mapping_.when);
  if (answer.is_true() || answer.is_false()) return answer.is_true();
  Blame("when", *mapping_.when,
        answer.is_error() ? answer.error_text() : "is neither true nor false", reading);
  return true;
}

bool FactDeclaration::MeetsNull(const Program& program) const {
  const std::vector<uint32_t>& slots = program.slots_used();
  return std::any_of(slots.begin(), slots.end(),
                     [this](uint32_t slot) { return frame_.values()[slot].is_null(); });
}

void FactDeclaration::ReadField(const policy::FactTableMapping::Field& field,
                                FactReading& reading) {
  const std::string place = absl::StrCat("fields.", field.name);
  const Value value = frame_.Evaluate(field.program);
  const bool is_key = field.name == mapping_.key;
  const bool missing = value.is_null() || (value.is_error() && MeetsNull(field.program));
  if (missing) {
    if (is_key) Blame(place, field.program, "is missing", reading);
    return;
  }
  std::optional<v1::Value> carried = Carried(value, field.type);
  if (!carried.has_value()) {
    return Blame(place, field.program, value.is_error() ? value.error_text() : Wanted(field.type),
                 reading);
  }
  if (is_key || field.name == mapping_.account) {
    std::string problem;
    std::optional<std::string> name = NameOf(value, problem);
    if (problem.empty() && is_key && name.value_or("").empty()) problem = "is missing";
    if (!problem.empty()) return Blame(place, field.program, problem, reading);
    (is_key ? reading.key : reading.account) = name.value_or("");
    if (field.name == mapping_.account) reading.account = name.value_or("");
  }
  (*reading.image.mutable_fields())[field.name] = *std::move(carried);
}

FactReading FactDeclaration::Read(std::span<const binlog::Value> image) {
  FactReading reading;
  frame_.Fill(image);
  reading.speaks = Speaks(reading);
  if (!reading.speaks || !reading.readable()) return reading;
  for (const auto& field : mapping_.fields) ReadField(field, reading);
  return reading;
}

}  // namespace fundgate::mapping
