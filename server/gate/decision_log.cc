#include "server/gate/decision_log.h"

#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "connection/trace_context.h"
#include "server/core/decision.h"

namespace fundgate::gate {
namespace {

// In hexadecimal digits, as tools for traces show it; empty if the caller told none.
std::string TraceOf(const core::CheckInput& check) {
  const auto found = check.attributes.find(connection::kTraceparent);
  if (found == check.attributes.end()) return "";
  const auto* text = std::get_if<std::string>(&found->second);
  if (text == nullptr) return "";
  const auto context = connection::ParseTraceContext(*text);
  return context.has_value() ? absl::BytesToHexString(context->trace_id) : "";
}

}  // namespace

DecisionLog::DecisionLog(logging::Log log, Surroundings surroundings)
    : log_(std::move(log)), surroundings_(std::move(surroundings)) {}

void DecisionLog::Recorded(const core::Input& input, const core::Outcome& outcome) {
  const auto* check = std::get_if<core::CheckInput>(&input.body);
  const auto* decision = std::get_if<core::Decision>(&outcome.answer);
  if (check == nullptr || decision == nullptr) return;
  if (decision->verdict == core::Verdict::kAllow) return;
  if (lines_.Take(surroundings_.steady()) != absl::ZeroDuration()) {
    ++unwritten_;
    return;
  }
  auto fields = std::make_shared<std::vector<logging::Field>>();
  fields->push_back({"decision_id", decision->id});
  if (std::string trace = TraceOf(*check); !trace.empty()) {
    fields->push_back({"trace_id", std::move(trace)});
  }
  if (!check->request_id.empty()) fields->push_back({"request_id", check->request_id});
  fields->push_back({"checkpoint", check->key.kind.value()});
  fields->push_back({"verdict", std::string(core::ToString(decision->verdict))});
  std::string reasons;
  for (const core::Reason& reason : decision->reasons) {
    absl::StrAppend(&reasons, reasons.empty() ? "" : ", ",
                    std::string(core::ToString(reason.code)));
    if (!reason.name.empty()) absl::StrAppend(&reasons, " ", surroundings_.shown(reason.name));
  }
  fields->push_back({"reason", std::move(reasons)});
  if (unwritten_ > 0) fields->push_back({"unwritten_before", absl::StrCat(unwritten_)});
  const absl::Status taken = surroundings_.soon(
      [log = log_, fields] { log.Write(logging::Severity::kInfo, "not allowed", *fields); });
  unwritten_ = taken.ok() ? 0 : unwritten_ + 1;
}

}  // namespace fundgate::gate
