#include "server/sidecar/mapping/declaration.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/expression/utf8.h"
#include "server/policy/money_functions.h"

namespace fundgate::mapping {
namespace {

using expression::Program;
using expression::Value;

// Bytes of a key, an account, an order and a part key in the contract.
constexpr size_t kMaxNameBytes = 128;
constexpr std::string_view kAmount = "amount";
constexpr std::string_view kParts = "parts.";

std::string* MutableName(v1::Contribution& contribution, std::string_view field) {
  if (field == "account_id") return contribution.mutable_account_id();
  if (field == "order_id") return contribution.mutable_order_id();
  if (field == "idempotency_key") return contribution.mutable_idempotency_key();
  return contribution.mutable_part_key();
}

}  // namespace

std::optional<std::string> NameOf(const Value& value, std::string& problem) {
  if (value.is_int()) return absl::StrCat(value.int_value());
  if (value.kind() == expression::ValueKind::kUint) return absl::StrCat(value.uint_value());
  if (value.is_null()) return std::nullopt;
  if (value.is_error()) {
    problem = std::string(value.error_text());
  } else if (!value.is_string()) {
    problem = "is neither text nor a whole number";
  } else if (value.string_value().size() > kMaxNameBytes) {
    problem = absl::StrCat("is ", value.string_value().size(), " bytes long; at most ",
                           kMaxNameBytes, " are allowed");
  } else if (expression::InvalidUtf8At(value.string_value()) != std::string_view::npos) {
    problem = "is no valid UTF-8";
  } else {
    return std::string(value.string_value());
  }
  return std::nullopt;
}

Declaration::Declaration(policy::TableMapping mapping, const policy::RowFields& fields)
    : mapping_(std::move(mapping)), frame_(*mapping_.environment) {
  const auto add = [&](const std::string& name, const Program& program, std::vector<Field>& to) {
    const bool required = std::count(fields.required.begin(), fields.required.end(), name) > 0;
    to.push_back({name, &program, required});
  };
  for (const char* name : {"account_id", "order_id", "idempotency_key", "part_key"}) {
    const auto found = mapping_.fields.find(name);
    if (found != mapping_.fields.end()) add(found->first, found->second, names_);
  }
  for (const auto& [name, program] : mapping_.fields) {
    if (name == kAmount || absl::StartsWith(name, std::string(kParts))) {
      add(name, program, amounts_);
    }
  }
}

void Declaration::Blame(std::string_view field, const Program& program, std::string_view what,
                        Reading& reading) const {
  if (!reading.problem.empty()) return;  // the first says enough
  reading.problem = absl::StrCat(std::string(field), ": ", std::string(what), " (",
                                 frame_.Describe(program), ")");
}

void Declaration::ReadStatus(Reading& reading) {
  const std::pair<const char*, const Program*> conditions[] = {
      {"counts", &mapping_.counts},
      {"in_progress", mapping_.in_progress.has_value() ? &*mapping_.in_progress : nullptr},
      {"failed", mapping_.failed.has_value() ? &*mapping_.failed : nullptr}};
  const v1::MovementStatus statuses[] = {
      v1::MOVEMENT_STATUS_HAPPENED, v1::MOVEMENT_STATUS_IN_PROGRESS, v1::MOVEMENT_STATUS_FAILED};
  reading.contribution.set_status(v1::MOVEMENT_STATUS_NONE);
  for (size_t i = 0; i < std::size(conditions); ++i) {
    const auto& [name, program] = conditions[i];
    if (program == nullptr) continue;
    const Value answer = frame_.Evaluate(*program);
    if (answer.is_true()) return reading.contribution.set_status(statuses[i]);
    if (answer.is_false()) continue;
    return Blame(name, *program,
                 answer.is_error() ? answer.error_text() : "is neither true nor false", reading);
  }
}

void Declaration::ReadName(const Field& field, Reading& reading) {
  std::string problem;
  std::optional<std::string> name = NameOf(frame_.Evaluate(*field.program), problem);
  if (!problem.empty()) return Blame("fields." + field.name, *field.program, problem, reading);
  if (field.required && (!name.has_value() || name->empty())) {
    return Blame("fields." + field.name, *field.program, "is missing", reading);
  }
  if (name.has_value()) *MutableName(reading.contribution, field.name) = *std::move(name);
}

void Declaration::ReadAmount(const Field& field, Reading& reading) {
  const Value value = frame_.Evaluate(*field.program);
  if (!value.is_opaque(policy::kMoneyId)) {
    return Blame("fields." + field.name, *field.program,
                 value.is_error() ? value.error_text() : "is no amount of money", reading);
  }
  const Money money = policy::ToMoney(value);
  if (money.minor_units < 0) {
    return Blame("fields." + field.name, *field.program, "is less than 0", reading);
  }
  v1::Money amount;
  amount.set_currency_code(std::string(money.currency.code()));
  amount.set_minor_units(money.minor_units);
  if (field.name == kAmount) {
    *reading.contribution.mutable_amount() = std::move(amount);
  } else if (amount.currency_code() != reading.contribution.amount().currency_code()) {
    Blame("fields." + field.name, *field.program, "is in another currency than the amount",
          reading);
  } else {
    (*reading.contribution.mutable_parts())[field.name.substr(kParts.size())] = std::move(amount);
  }
}

Reading Declaration::Read(std::span<const binlog::Value> image) {
  Reading reading;
  frame_.Fill(image);
  ReadStatus(reading);
  if (!reading.speaks()) return reading;
  for (const Field& field : names_) ReadName(field, reading);
  if (reading.readable()) {
    for (const Field& field : amounts_) ReadAmount(field, reading);
  }
  return reading;
}

}  // namespace fundgate::mapping
