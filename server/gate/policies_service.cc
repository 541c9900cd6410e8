#include "server/gate/policies_service.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/gate/convert_audit.h"
#include "server/gate/convert_values.h"
#include "server/gate/guard.h"
#include "server/gate/policy_backtest.h"
#include "server/gate/policy_documents.h"
#include "server/policy/coverage.h"
#include "server/policy/difference.h"
#include "server/policy/loader.h"
#include "server/policy/rule_edit.h"
#include "server/policy/structure.h"

namespace fundgate::gate {
namespace {

// The document and its file's name, which three requests have in common.
template <typename Request>
Problems DocumentProblems(const Request& request) {
  Problems problems;
  problems.Text("document", request.document(), 1, kMaxDocumentBytes);
  problems.Text("file_name", request.file_name(), 0, kMaxFileNameBytes);
  return problems;
}

std::string FileName(const std::string& asked) {
  return asked.empty() ? kDefaultPolicyFile : asked;
}

// Reads and tests the document, hands it to the sequencer, and ends the call with what `reply`
// makes of the version that is present then. Runs on a worker.
void Apply(const Backend& backend, grpc::ServerUnaryReactor& reactor,
           std::optional<absl::Duration> time_left, PreparedPolicy prepared,
           std::function<grpc::Status(const core::PolicyRecord&)> reply) {
  if (!prepared.problems.empty()) {
    return reactor.Finish(InvalidArgument(AsFieldProblems(prepared.problems)));
  }
  if (!prepared.failure.ok()) return reactor.Finish(ToGrpc(prepared.failure));
  core::Input input;
  input.body = std::move(prepared.input);
  const absl::Status submitted = backend.sequencer.Submit(
      std::move(input), time_left,
      [&backend, &reactor, reply = std::move(reply)](absl::StatusOr<core::Answer> answer) {
        answer = Taken(std::move(answer));
        if (!answer.ok()) return reactor.Finish(ToGrpc(answer.status()));
        const absl::StatusOr<core::PolicyRecord> record =
            backend.store.view()->GetPolicy(std::get<core::PolicyAnswer>(*answer).version);
        reactor.Finish(record.ok() ? reply(*record) : ToGrpc(record.status()));
      });
  if (!submitted.ok()) reactor.Finish(ToGrpc(submitted));
}

// The version that is present, if it already is the document that would be applied now.
std::optional<core::PolicyRecord> PresentIfEqual(const Backend& backend,
                                                 const PreparedPolicy& prepared) {
  const std::shared_ptr<const store::View> view = backend.store.view();
  const uint64_t present = view->resident().policy_version;
  if (!prepared.ok() || present == 0 ||
      prepared.input.expected_version.value_or(present) != present) {
    return std::nullopt;
  }
  absl::StatusOr<core::PolicyRecord> record = view->GetPolicy(present);
  if (!record.ok() || record->text != prepared.input.text) return std::nullopt;
  return *std::move(record);
}

// Compares the document with that of the base version. Runs on a worker.
grpc::Status Diff(const store::View& view, const std::string& document,
                  const std::string& file_name, uint64_t base_version,
                  v1::DiffPolicyResponse& response) {
  policy::LoadResult newer = policy::LoadPolicy(document, FileName(file_name));
  for (const policy::Problem& problem : newer.problems) {
    *response.add_problems() = ToProto(problem);
  }
  if (!newer.ok()) return grpc::Status::OK;
  const absl::StatusOr<core::PolicyRecord> base = view.GetPolicy(base_version);
  if (!base.ok()) return ToGrpc(base.status());
  const policy::LoadResult older = policy::LoadAppliedPolicy(base->text, kDefaultPolicyFile);
  if (!older.ok()) {
    return ToGrpc(absl::DataLossError(absl::StrCat(
        "version ", base_version, " can't be read: ", policy::Render(older.problems))));
  }
  response.set_base_version(base_version);
  for (const policy::Change& change :
       policy::Difference(older.loaded->document, newer.loaded->document)) {
    *response.add_changes() = ToProto(change);
  }
  for (const policy::Problem& problem :
       policy::CheckSuccession(*view.resident().policy, *newer.loaded)) {
    *response.add_refusals() = ToProto(problem);
  }
  return grpc::Status::OK;
}

policy::RuleEdit EditOf(const v1::ChangeRuleRequest& request) {
  policy::RuleEdit edit;
  edit.rule = request.rule();
  if (request.mode() == v1::RULE_MODE_SHADOW) edit.mode = policy::v1::RULE_MODE_SHADOW;
  if (request.mode() == v1::RULE_MODE_ENFORCE) edit.mode = policy::v1::RULE_MODE_ENFORCE;
  if (request.has_rollout_percent()) edit.percent = request.rollout_percent();
  return edit;
}

// The present document with the rule changed, ready to be applied; fills in what that changes.
absl::StatusOr<PreparedPolicy> PrepareRule(const store::View& view,
                                           const v1::ChangeRuleRequest& request,
                                           v1::ChangeRuleResponse& response) {
  const uint64_t present = view.resident().policy_version;
  if (present == 0) return absl::NotFoundError("the gate has no policy yet");
  if (request.has_expected_current_version() && request.expected_current_version() != present) {
    return absl::FailedPreconditionError(absl::StrCat("expected_current_version: version ", present,
                                                      " is in force, not ",
                                                      request.expected_current_version()));
  }
  FUNDGATE_ASSIGN_OR_RETURN(const core::PolicyRecord record, view.GetPolicy(present));
  const policy::LoadResult base = policy::LoadAppliedPolicy(record.text, kDefaultPolicyFile);
  if (!base.ok()) {
    return absl::DataLossError(
        absl::StrCat("version ", present, " can't be read: ", policy::Render(base.problems)));
  }
  FUNDGATE_ASSIGN_OR_RETURN(const std::string document,
                            policy::EditRule(record.text, *base.loaded, EditOf(request)));
  PreparedPolicy prepared = PreparePolicy(document, kDefaultPolicyFile);
  prepared.input.comment = request.comment();
  prepared.input.expected_version = present;
  response.set_base_version(present);
  response.set_document(document);
  if (!prepared.loaded.has_value()) return prepared;  // what only new documents are refused for
  for (const policy::Change& change :
       policy::Difference(base.loaded->document, prepared.loaded->document)) {
    *response.add_changes() = ToProto(change);
  }
  for (const policy::TestResult& result : prepared.results) {
    *response.add_results() = ToProto(result);
  }
  return prepared;
}

// Runs `work`, which ends the call itself, on a worker.
grpc::ServerUnaryReactor* Later(const Backend& backend, grpc::CallbackServerContext& context,
                                std::function<void(grpc::ServerUnaryReactor&)> work) {
  grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
  const absl::Status submitted =
      backend.workers.Submit([reactor, work = std::move(work)] { work(*reactor); });
  if (!submitted.ok()) reactor->Finish(ToGrpc(submitted));
  return reactor;
}

}  // namespace

grpc::ServerUnaryReactor* PoliciesService::ValidatePolicy(grpc::CallbackServerContext* context,
                                                          const v1::ValidatePolicyRequest* request,
                                                          v1::ValidatePolicyResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Policies/ValidatePolicy")) return refused;
  const Problems problems = DocumentProblems(*request);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  return OnWorker(backend_, *context, [request, response] {
    const policy::LoadResult read =
        policy::LoadPolicy(request->document(), FileName(request->file_name()));
    for (const policy::Problem& problem : read.problems) {
      *response->add_problems() = ToProto(problem);
    }
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* PoliciesService::TestPolicy(grpc::CallbackServerContext* context,
                                                      const v1::TestPolicyRequest* request,
                                                      v1::TestPolicyResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Policies/TestPolicy")) return refused;
  const Problems problems = DocumentProblems(*request);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  return OnWorker(backend_, *context, [request, response] {
    const PreparedPolicy prepared = PreparePolicy(request->document(), request->file_name());
    for (const policy::Problem& problem : prepared.problems) {
      *response->add_problems() = ToProto(problem);
    }
    for (const policy::TestResult& result : prepared.results) {
      *response->add_results() = ToProto(result);
    }
    if (!prepared.loaded.has_value()) return grpc::Status::OK;
    for (const policy::Covered& covered : policy::CoverageOf(*prepared.loaded, prepared.results)) {
      *response->add_coverage() = ToProto(covered);
    }
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* PoliciesService::ApplyPolicy(grpc::CallbackServerContext* context,
                                                       const v1::ApplyPolicyRequest* request,
                                                       v1::ApplyPolicyResponse* response) {
  const auto actor = ActorOf(backend_, *context, "Policies/ApplyPolicy", request->actor());
  if (!actor.ok()) return FinishNow(*context, ToGrpc(actor.status()));
  Problems problems = DocumentProblems(*request);
  problems.Text("comment", request->comment(), 1, kMaxReasonBytes);
  problems.Text("actor", *actor, 1, kMaxActorBytes);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  const std::optional<absl::Duration> time_left = TimeLeft(context->deadline());
  return Later(backend_, *context, [=, this](grpc::ServerUnaryReactor& reactor) {
    PreparedPolicy prepared = PreparePolicy(request->document(), request->file_name());
    prepared.input.actor = *actor;
    prepared.input.comment = request->comment();
    if (request->has_expected_current_version()) {
      prepared.input.expected_version = request->expected_current_version();
    }
    for (const policy::TestResult& result : prepared.results) {
      *response->add_results() = ToProto(result);
    }
    CheckSuccession(backend_.store.view()->resident(), prepared);
    const std::optional<core::PolicyRecord> present = PresentIfEqual(backend_, prepared);
    if (present.has_value()) {
      *response->mutable_version() = ToProto(*present);
      response->set_unchanged(true);
      return reactor.Finish(grpc::Status::OK);
    }
    Apply(backend_, reactor, time_left, std::move(prepared),
          [response](const core::PolicyRecord& record) {
            *response->mutable_version() = ToProto(record);
            return grpc::Status::OK;
          });
  });
}

grpc::ServerUnaryReactor* PoliciesService::GetPolicy(grpc::CallbackServerContext* context,
                                                     const v1::GetPolicyRequest* request,
                                                     v1::GetPolicyResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Policies/GetPolicy")) return refused;
  const std::shared_ptr<const store::View> view = backend_.store.view();
  const uint64_t current = view->resident().policy_version;
  if (!request->has_version() && current == 0) {
    return FinishNow(*context, {grpc::StatusCode::NOT_FOUND, "the gate has no policy yet"});
  }
  const absl::StatusOr<core::PolicyRecord> record =
      view->GetPolicy(request->has_version() ? request->version() : current);
  if (!record.ok()) return FinishNow(*context, ToGrpc(record.status()));
  *response->mutable_version() = ToProto(*record);
  response->set_document(record->text);
  response->set_current(record->version == current);
  return FinishNow(*context, grpc::Status::OK);
}

grpc::ServerUnaryReactor* PoliciesService::ListPolicyVersions(
    grpc::CallbackServerContext* context, const v1::ListPolicyVersionsRequest* request,
    v1::ListPolicyVersionsResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Policies/ListPolicyVersions")) return refused;
  Problems problems;
  const size_t page_size = PageSize(request->page_size(), problems);
  // A page's token is the last version of the page before.
  uint64_t before = UINT64_MAX;
  if (!request->page_token().empty() && !absl::SimpleAtoi(request->page_token(), &before)) {
    problems.Add("page_token", "is none that this call gave");
  }
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  const absl::StatusOr<std::vector<core::PolicyRecord>> records =
      backend_.store.view()->ListPolicies();
  if (!records.ok()) return FinishNow(*context, ToGrpc(records.status()));
  for (auto record = records->rbegin(); record != records->rend(); ++record) {
    if (record->version >= before) continue;
    if (static_cast<size_t>(response->versions_size()) == page_size) {
      response->set_next_page_token(absl::StrCat(response->versions().rbegin()->version()));
      break;
    }
    *response->add_versions() = ToProto(*record);
  }
  return FinishNow(*context, grpc::Status::OK);
}

grpc::ServerUnaryReactor* PoliciesService::RollbackPolicy(grpc::CallbackServerContext* context,
                                                          const v1::RollbackPolicyRequest* request,
                                                          v1::RollbackPolicyResponse* response) {
  const auto actor = ActorOf(backend_, *context, "Policies/RollbackPolicy", request->actor());
  if (!actor.ok()) return FinishNow(*context, ToGrpc(actor.status()));
  Problems problems;
  if (request->version() == 0) problems.Add("version", "is required");
  problems.Text("comment", request->comment(), 1, kMaxReasonBytes);
  problems.Text("actor", *actor, 1, kMaxActorBytes);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  const std::shared_ptr<const store::View> view = backend_.store.view();
  const uint64_t current = view->resident().policy_version;
  if (request->version() == current) {
    return FinishNow(*context, {grpc::StatusCode::FAILED_PRECONDITION,
                                absl::StrCat("version ", current, " is the present one already")});
  }
  const absl::StatusOr<core::PolicyRecord> record = view->GetPolicy(request->version());
  if (!record.ok()) return FinishNow(*context, ToGrpc(record.status()));
  const std::optional<absl::Duration> time_left = TimeLeft(context->deadline());
  return Later(backend_, *context,
               [=, this, text = record->text](grpc::ServerUnaryReactor& reactor) {
                 PreparedPolicy prepared = PreparePolicy(text, kDefaultPolicyFile);
                 prepared.input.actor = *actor;
                 prepared.input.comment = request->comment();
                 prepared.input.expected_version = current;
                 CheckSuccession(backend_.store.view()->resident(), prepared);
                 Apply(backend_, reactor, time_left, std::move(prepared),
                       [response](const core::PolicyRecord& applied) {
                         *response->mutable_version() = ToProto(applied);
                         return grpc::Status::OK;
                       });
               });
}

grpc::ServerUnaryReactor* PoliciesService::DiffPolicy(grpc::CallbackServerContext* context,
                                                      const v1::DiffPolicyRequest* request,
                                                      v1::DiffPolicyResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Policies/DiffPolicy")) return refused;
  Problems problems;
  if ((request->version() == 0) == request->document().empty()) {
    problems.Add("document", "exactly one of document and version is required");
  }
  problems.Text("document", request->document(), 0, kMaxDocumentBytes);
  problems.Text("file_name", request->file_name(), 0, kMaxFileNameBytes);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  return OnWorker(backend_, *context, [this, request, response]() -> grpc::Status {
    const std::shared_ptr<const store::View> view = backend_.store.view();
    const uint64_t present = view->resident().policy_version;
    if (present == 0) return {grpc::StatusCode::NOT_FOUND, "the gate has no policy yet"};
    std::string document = request->document();
    if (request->version() != 0) {
      absl::StatusOr<core::PolicyRecord> newer = view->GetPolicy(request->version());
      if (!newer.ok()) return ToGrpc(newer.status());
      document = std::move(newer->text);
    }
    const uint64_t base = request->base_version() == 0 ? present : request->base_version();
    return Diff(*view, document, request->file_name(), base, *response);
  });
}

grpc::ServerWriteReactor<v1::BacktestPolicyResponse>* PoliciesService::BacktestPolicy(
    grpc::CallbackServerContext* context, const v1::BacktestPolicyRequest* request) {
  auto* refused = RefuseStream<grpc::ServerWriteReactor<v1::BacktestPolicyResponse>>(
      backend_, *context, "Policies/BacktestPolicy");
  if (refused != nullptr) return refused;
  return OpenPolicyBacktest(backend_, backtest_running_, *request);
}

grpc::ServerUnaryReactor* PoliciesService::ListRules(grpc::CallbackServerContext* context,
                                                     const v1::ListRulesRequest* request,
                                                     v1::ListRulesResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Policies/ListRules")) return refused;
  Problems problems;
  RuleNow now;
  if (request->has_stale_after()) {
    now.stale_after = ToDuration(request->stale_after(), "stale_after", problems);
    if (now.stale_after < absl::Seconds(1) || now.stale_after > kStaleAfterMax) {
      problems.Add("stale_after", "must be 1s to 3650d");
    }
  }
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  return OnWorker(backend_, *context, [this, request, response, now]() mutable {
    now.time = backend_.clock.Now();
    absl::StatusOr<v1::ListRulesResponse> rules =
        gate::ListRules(*backend_.store.view(), request->name(), now, rule_tests_);
    if (!rules.ok()) return ToGrpc(rules.status());
    *response = *std::move(rules);
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* PoliciesService::ChangeRule(grpc::CallbackServerContext* context,
                                                      const v1::ChangeRuleRequest* request,
                                                      v1::ChangeRuleResponse* response) {
  const auto actor = ActorOf(backend_, *context, "Policies/ChangeRule", request->actor());
  if (!actor.ok()) return FinishNow(*context, ToGrpc(actor.status()));
  Problems problems;
  if (request->rule().empty()) problems.Add("rule", "is required");
  if (request->mode() == v1::RULE_MODE_UNSPECIFIED && !request->has_rollout_percent()) {
    problems.Add("mode", "at least one of mode and rollout_percent is required");
  }
  if (!v1::RuleMode_IsValid(request->mode())) problems.Add("mode", "is no mode");
  if (request->rollout_percent() < 0 || request->rollout_percent() > 100) {
    problems.Add("rollout_percent", "must be 0 to 100");
  }
  problems.Text("comment", request->comment(), 1, kMaxReasonBytes);
  problems.Text("actor", *actor, 1, kMaxActorBytes);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  const std::optional<absl::Duration> time_left = TimeLeft(context->deadline());
  return Later(backend_, *context, [=, this](grpc::ServerUnaryReactor& reactor) {
    const std::shared_ptr<const store::View> view = backend_.store.view();
    absl::StatusOr<PreparedPolicy> prepared = PrepareRule(*view, *request, *response);
    if (!prepared.ok()) return reactor.Finish(ToGrpc(prepared.status()));
    prepared->input.actor = *actor;
    if (request->dry_run() && prepared->problems.empty()) return reactor.Finish(grpc::Status::OK);
    CheckSuccession(view->resident(), *prepared);
    Apply(backend_, reactor, time_left, *std::move(prepared),
          [response](const core::PolicyRecord& applied) {
            *response->mutable_version() = ToProto(applied);
            return grpc::Status::OK;
          });
  });
}

}  // namespace fundgate::gate
