#include "server/gate/convert_check.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/gate/convert_values.h"

namespace fundgate::gate {
namespace {

core::Line ToLine(const v1::Line& line, const std::string& currency, const std::string& field,
                  Problems& problems) {
  core::Line converted;
  problems.Text(field + ".order_id", line.order_id(), 1, core::kMaxIdBytes);
  converted.order = OrderId(line.order_id());
  converted.amount = ToMoney(line.amount(), 1, field + ".amount", problems).minor_units;
  if (line.amount().currency_code() != currency) {
    problems.Add(field + ".amount.currency_code",
                 absl::StrCat("must be the request's, ", currency));
  }
  if (line.parts_size() > static_cast<int>(kMaxParts)) {
    problems.Add(field + ".parts", absl::StrCat("has more than ", kMaxParts, " entries"));
  }
  for (const auto& [name, part] : line.parts()) {
    const std::string part_field = absl::StrCat(field, ".parts[", name, "]");
    converted.parts.emplace_back(name, ToMoney(part, 0, part_field, problems).minor_units);
    if (part.currency_code() != currency) {
      problems.Add(part_field + ".currency_code",
                   absl::StrCat("must be the request's, ", currency));
    }
  }
  std::sort(converted.parts.begin(), converted.parts.end());
  return converted;
}

// Lines in the order that the core wants, and where they were.
void ToLines(const v1::CheckRequest& request, ConvertedCheck& check, Problems& problems) {
  const std::string& currency = request.amount().currency_code();
  if (request.lines().empty()) {
    problems.Text("order_id", request.order_id(), 0, core::kMaxIdBytes);
    check.input.lines = {{OrderId(request.order_id()), request.amount().minor_units(), {}}};
    check.line_places = {0};
    return;
  }
  if (!request.order_id().empty()) {
    problems.Add("order_id", "must be empty where there are lines: they name the orders");
  }
  if (request.lines_size() > static_cast<int>(core::kMaxLines)) {
    problems.Add("lines", absl::StrCat("has ", request.lines_size(), " entries; at most ",
                                       core::kMaxLines, " are allowed"));
    return;
  }
  check.line_places.resize(static_cast<size_t>(request.lines_size()));
  std::iota(check.line_places.begin(), check.line_places.end(), size_t{0});
  const auto line_at = [&request](size_t place) -> const v1::Line& {
    return request.lines(static_cast<int>(place));
  };
  std::stable_sort(check.line_places.begin(), check.line_places.end(), [&](size_t a, size_t b) {
    return line_at(a).order_id() < line_at(b).order_id();
  });
  for (const size_t place : check.line_places) {
    const std::string field = absl::StrCat("lines[", place, "]");
    core::Line line = ToLine(line_at(place), currency, field, problems);
    if (!check.input.lines.empty() && check.input.lines.back().order == line.order) {
      problems.Add(field + ".order_id",
                   absl::StrCat("names order \"", line.order.value(), "\" a second time"));
    }
    check.input.lines.push_back(std::move(line));
  }
}

void ToAfterPositions(const v1::CheckRequest& request, core::CheckInput& input,
                      Problems& problems) {
  const std::string field = "after_positions";
  if (request.after_positions().size() > kMaxCheckSources) {
    problems.Add(field, absl::StrCat("has more than ", kMaxCheckSources, " entries"));
    return;
  }
  for (const auto& [source, position] : request.after_positions()) {
    input.after_positions.emplace(SourceName(source),
                                  ToPosition(position, kMaxCheckPositionBytes,
                                             absl::StrCat(field, "[", source, "]"), problems));
  }
}

// The core counts lines as they are sorted; the caller wants to read its own count.
std::string WithPlaceInRequest(const std::string& field, const std::vector<size_t>& places) {
  absl::string_view rest = field;
  if (!absl::ConsumePrefix(&rest, "lines[")) return field;
  const size_t end = rest.find(']');
  size_t index = 0;
  if (end == absl::string_view::npos || !absl::SimpleAtoi(rest.substr(0, end), &index) ||
      index >= places.size()) {
    return field;
  }
  return absl::StrCat("lines[", places[index], rest.substr(end));
}

}  // namespace

ConvertedCheck ToCheck(const v1::CheckRequest& request, Problems& problems) {
  ConvertedCheck check;
  core::CheckInput& input = check.input;
  problems.Text("request_id", request.request_id(), 0, core::kMaxIdBytes);
  problems.Text("checkpoint", request.checkpoint(), 1, kMaxFieldNameBytes);
  problems.Text("idempotency_key", request.idempotency_key(), 1, core::kMaxIdBytes);
  problems.Text("account_id", request.account_id(), 1, core::kMaxIdBytes);
  input.request_id = request.request_id();
  input.key = {MovementKind(request.checkpoint()), IdempotencyKey(request.idempotency_key())};
  input.account = AccountId(request.account_id());
  input.amount = ToMoney(request.amount(), 1, "amount", problems);
  ToLines(request, check, problems);
  input.attributes = ToAttributes(request.attributes(), "attributes", problems);
  if (request.has_max_staleness()) {
    input.max_staleness = ToDuration(request.max_staleness(), "max_staleness", problems);
    if (*input.max_staleness <= absl::ZeroDuration()) {
      problems.Add("max_staleness", "must be more than 0; leave it out for the policy's own");
    }
  }
  ToAfterPositions(request, input, problems);
  if (!request.drill_id().empty()) {
    problems.Add("drill_id",
                 "asks for a drill; drills are not supported by this version of the gate");
  }
  return check;
}

void ValidateUnderPolicy(const core::Policy& policy, const ConvertedCheck& check,
                         Problems& problems) {
  for (core::FieldProblem& problem : core::ValidateCheck(policy, check.input)) {
    problems.Add(WithPlaceInRequest(problem.field, check.line_places), std::move(problem.message));
  }
}

core::KeyId ToKey(const std::string& account_id, const std::string& checkpoint,
                  const std::string& idempotency_key, Problems& problems) {
  problems.Text("account_id", account_id, 1, core::kMaxIdBytes);
  problems.Text("checkpoint", checkpoint, 1, kMaxFieldNameBytes);
  problems.Text("idempotency_key", idempotency_key, 1, core::kMaxIdBytes);
  return {MovementKind(checkpoint), IdempotencyKey(idempotency_key)};
}

core::ConfirmInput ToConfirm(const v1::ConfirmRequest& request, Problems& problems) {
  core::ConfirmInput input;
  input.account = AccountId(request.account_id());
  input.key =
      ToKey(request.account_id(), request.checkpoint(), request.idempotency_key(), problems);
  problems.Text("decision_id", request.decision_id(), 1, core::kMaxIdBytes);
  input.decision_id = request.decision_id();
  if (request.has_amount()) input.amount = ToMoney(request.amount(), 1, "amount", problems);
  return input;
}

core::ReleaseInput ToRelease(const v1::ReleaseRequest& request, Problems& problems) {
  core::ReleaseInput input;
  input.account = AccountId(request.account_id());
  input.key =
      ToKey(request.account_id(), request.checkpoint(), request.idempotency_key(), problems);
  problems.Text("decision_id", request.decision_id(), 0, core::kMaxIdBytes);
  problems.Text("reason", request.reason(), 1, kMaxReasonBytes);
  input.decision_id = request.decision_id();
  input.reason = request.reason();
  return input;
}

v1::CheckRequest ToProto(const core::CheckInput& check) {
  v1::CheckRequest proto;
  proto.set_request_id(check.request_id);
  proto.set_checkpoint(check.key.kind.value());
  proto.set_idempotency_key(check.key.key.value());
  proto.set_account_id(check.account.value());
  *proto.mutable_amount() = ToProto(check.amount);
  if (check.lines.size() == 1 && check.lines.front().parts.empty()) {
    proto.set_order_id(check.lines.front().order.value());
  } else {
    for (const core::Line& line : check.lines) {
      v1::Line& added = *proto.add_lines();
      added.set_order_id(line.order.value());
      *added.mutable_amount() = ToProto(Money{check.amount.currency, line.amount});
      for (const auto& [name, part] : line.parts) {
        (*added.mutable_parts())[name] = ToProto(Money{check.amount.currency, part});
      }
    }
  }
  FillAttributes(check.attributes, *proto.mutable_attributes());
  if (check.max_staleness.has_value()) {
    *proto.mutable_max_staleness() = ToProto(*check.max_staleness);
  }
  for (const auto& [source, position] : check.after_positions) {
    (*proto.mutable_after_positions())[source.value()] = position.ToString();
  }
  return proto;
}

v1::ConfirmRequest ToProto(const core::ConfirmInput& confirm) {
  v1::ConfirmRequest proto;
  proto.set_account_id(confirm.account.value());
  proto.set_checkpoint(confirm.key.kind.value());
  proto.set_idempotency_key(confirm.key.key.value());
  proto.set_decision_id(confirm.decision_id);
  if (confirm.amount.has_value()) *proto.mutable_amount() = ToProto(*confirm.amount);
  return proto;
}

v1::ReleaseRequest ToProto(const core::ReleaseInput& release) {
  v1::ReleaseRequest proto;
  proto.set_account_id(release.account.value());
  proto.set_checkpoint(release.key.kind.value());
  proto.set_idempotency_key(release.key.key.value());
  proto.set_decision_id(release.decision_id);
  proto.set_reason(release.reason);
  return proto;
}

}  // namespace fundgate::gate
