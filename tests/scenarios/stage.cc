#include "tests/scenarios/stage.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "fundgate/v1/violation.pb.h"
#include "tests/places/places.h"

namespace fundgate::scenarios {
namespace {

using Clock = std::chrono::steady_clock;

// The application's sessions say that they are: the policy's guards know the number.
constexpr const char* kAsApplication = "SET SESSION server_id = 77";
constexpr const char* kByHand = "SET SESSION server_id = 1";

// The statements of tools/run's schema, without comments.
std::vector<std::string> Schema() {
  std::ifstream file(places::Source("tools/platform/schema.sql"));
  std::string text;
  for (std::string line; std::getline(file, line);) {
    absl::StrAppend(&text, line.substr(0, line.find("--")), "\n");
  }
  std::vector<std::string> statements = absl::StrSplit(text, ';', absl::SkipWhitespace());
  for (std::string& statement : statements) absl::StripAsciiWhitespace(&statement);
  return statements;
}

std::string VerdictName(v1::Verdict verdict) {
  return std::string(absl::StripPrefix(v1::Verdict_Name(verdict), "VERDICT_"));
}

std::string Describe(const v1::Decision& decision) {
  std::string text = VerdictName(decision.verdict());
  for (const v1::Reason& reason : decision.reasons()) {
    absl::StrAppend(&text, ", ", v1::ReasonCode_Name(reason.code()), " ", reason.name(), ": ",
                    reason.message());
  }
  return text;
}

}  // namespace

end_to_end::WorldSettings PaymentPlatform(std::map<std::string, std::string> replacements) {
  return {places::Source("config/policy-mariadb.yaml"), Schema(), {}, std::move(replacements)};
}

Stage::Stage(const end_to_end::WorldSettings& settings) : world_(settings) {
  const auto channel =
      grpc::CreateChannel(world_.gate_address(), grpc::InsecureChannelCredentials());
  gate_ = v1::Gate::NewStub(channel);
  breakers_ = v1::Breakers::NewStub(channel);
  holds_ = v1::Holds::NewStub(channel);
  world_.StartSidecar();
}

std::string Stage::Play(const Loss& loss) {
  for (const Step& step : loss.steps) {
    std::string wrong = std::visit([&](const auto& what) { return Do(loss, what); }, step);
    // The last answer of what a check catches is what the scenario is about.
    const bool last = &step == &loss.steps.back() && loss.place == Place::kCheck;
    if (!wrong.empty() && !last) return wrong;
  }
  if (loss.place != Place::kCheck) return "";
  if (VerdictName(last_.verdict()) == loss.verdict && HasReason(loss.reason)) return "";
  return absl::StrCat("expected ", loss.verdict, " ", loss.reason, ", got ", Describe(last_));
}

std::string Stage::Do(const Loss& /*loss*/, const Write& write) {
  world_.database().Execute(write.by_hand ? kByHand : kAsApplication);
  world_.database().Execute("START TRANSACTION");
  for (const std::string& statement : write.statements) world_.database().Execute(statement);
  world_.database().Execute("COMMIT");
  committed_ = Clock::now();
  unknown_ = true;
  return "";
}

std::string Stage::Do(const Loss& /*loss*/, const Ask& ask) {
  if (std::exchange(unknown_, false)) world_.AwaitApplied();
  last_ = world_.Ask(ask.request);
  decisions_[ask.request.idempotency_key()] = last_;
  if (VerdictName(last_.verdict()) == ask.verdict) return "";
  return absl::StrCat("expected ", ask.verdict, " for ", ask.request.idempotency_key(), ", got ",
                      Describe(last_));
}

std::string Stage::Do(const Loss& loss, const Tell& tell) {
  const v1::Decision& decision = decisions_[tell.key];
  v1::ConfirmRequest confirm;
  v1::ReleaseRequest release;
  const auto name = [&](auto& request) {
    request.set_account_id(loss.accounts.front());
    request.set_checkpoint(decision.checkpoint());
    request.set_idempotency_key(tell.key);
    request.set_decision_id(decision.decision_id());
  };
  grpc::ClientContext context;
  v1::Reservation reservation;
  grpc::Status status;
  if (tell.moved) {
    name(confirm);
    status = gate_->Confirm(&context, confirm, &reservation);
  } else {
    name(release);
    release.set_reason("the bank refused it");
    status = gate_->Release(&context, release, &reservation);
  }
  return status.ok() ? "" : absl::StrCat(tell.key, ": ", status.error_message());
}

std::string Stage::Do(const Loss& loss, const Reject& reject) {
  const v1::Decision& decision = decisions_[reject.key];
  v1::RejectHoldRequest request;
  request.set_account_id(loss.accounts.front());
  request.set_checkpoint(decision.checkpoint());
  request.set_idempotency_key(reject.key);
  request.set_decision_id(decision.decision_id());
  request.set_actor("an operator");
  request.set_reason("not the customer");
  grpc::ClientContext context;
  v1::RejectHoldResponse response;
  const grpc::Status status = holds_->RejectHold(&context, request, &response);
  return status.ok() ? "" : absl::StrCat(reject.key, ": ", status.error_message());
}

std::string Stage::Do(const Loss& loss, const AwaitKind& awaited) {
  const bool found = world_.Await([&] {
    const std::vector<std::string> all = Found(loss);
    return std::find(all.begin(), all.end(), awaited.kind) != all.end();
  });
  return found ? "" : absl::StrCat(awaited.kind, " was never found");
}

bool Stage::HasReason(const std::string& name) const {
  return std::any_of(last_.reasons().begin(), last_.reasons().end(),
                     [this, &name](const v1::Reason& reason) {
                       return reason.verdict() == last_.verdict() &&
                              (reason.name() == name ||
                               v1::ReasonCode_Name(reason.code()) == "REASON_CODE_" + name);
                     });
}

std::vector<std::string> Stage::Found(const Loss& loss) {
  std::vector<std::string> found;
  for (const std::string& account : loss.accounts) {
    for (const v1::Violation& violation : world_.ViolationsOf(account)) {
      const std::string kind(
          absl::StripPrefix(v1::ViolationKind_Name(violation.kind()), "VIOLATION_KIND_"));
      const bool own_name = violation.name() != absl::AsciiStrToLower(kind);
      found.push_back(own_name ? absl::StrCat(kind, " ", violation.name()) : kind);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<std::chrono::duration<double, std::milli>> Stage::AwaitFound(const Loss& loss) {
  if (!world_.AwaitBusily([&] { return Found(loss).size() >= loss.violations.size(); })) {
    return std::nullopt;
  }
  return Clock::now() - committed_;
}

std::string Stage::Compare(const Loss& loss) {
  world_.AwaitApplied();
  world_.Await([&] { return Found(loss).size() >= loss.violations.size(); });
  const std::vector<std::string> found = Found(loss);
  if (found != loss.violations) {
    return absl::StrCat("expected violations [", absl::StrJoin(loss.violations, ", "), "], got [",
                        absl::StrJoin(found, ", "), "]");
  }
  if (!loss.breaker.empty() && !IsOpen(loss.breaker)) {
    return absl::StrCat("breaker ", loss.breaker, " isn't open");
  }
  return "";
}

bool Stage::IsOpen(const std::string& scope) {
  v1::GetBreakerRequest request;
  request.set_scope(scope);
  grpc::ClientContext context;
  v1::GetBreakerResponse response;
  return breakers_->GetBreaker(&context, request, &response).ok() &&
         response.breaker().state() == v1::BREAKER_STATE_OPEN;
}

}  // namespace fundgate::scenarios
