#include "server/gate/audit_service.h"

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/gate/account_page.h"
#include "server/gate/convert_audit.h"
#include "server/gate/convert_values.h"
#include "server/gate/decision_replay.h"
#include "server/gate/guard.h"
#include "server/gate/journal_streams.h"

namespace fundgate::gate {
namespace {

// Groups, each read once.
class GroupCache {
 public:
  explicit GroupCache(const store::View& view) : view_(view) {}

  // Null if there is none of that name.
  absl::StatusOr<const core::Group*> Find(const std::string& id) {
    const auto [entry, is_new] = groups_.try_emplace(id);
    if (is_new && !id.empty()) {
      FUNDGATE_ASSIGN_OR_RETURN(entry->second, view_.Find<core::Groups>(id));
    }
    return entry->second.has_value() ? &*entry->second : nullptr;
  }

 private:
  const store::View& view_;
  std::map<std::string, std::optional<core::Group>> groups_;
};

bool Passes(const v1::Violation& violation, const core::Violation& found,
            const v1::ListViolationsRequest& request, absl::Time from, absl::Time to) {
  if (request.state() != v1::REVIEW_STATE_UNSPECIFIED &&
      request.state() != violation.review().state()) {
    return false;
  }
  if (!request.group_id().empty() && request.group_id() != violation.group_id()) return false;
  if (!request.name().empty() && request.name() != violation.name()) return false;
  if (request.has_history() && request.history() != violation.history()) return false;
  return (request.kind() == v1::VIOLATION_KIND_UNSPECIFIED || request.kind() == violation.kind()) &&
         (request.account_id().empty() || request.account_id() == violation.account_id()) &&
         (request.order_id().empty() || request.order_id() == violation.order_id()) &&
         found.at >= from && found.at < to;
}

}  // namespace

AuditService::AuditService(const Backend& backend)
    : backend_(backend),
      followers_(std::make_unique<JournalFollowers>()),
      observer_(backend.sequencer.AddObserver(
          [followers = followers_.get()](Sequence sequence, const core::Input& /*input*/,
                                         const core::Outcome& /*outcome*/) {
            followers->Grown(sequence);
          })) {}

AuditService::~AuditService() { backend_.sequencer.RemoveObserver(observer_); }

grpc::ServerWriteReactor<v1::Trace>* AuditService::ExportTraces(
    grpc::CallbackServerContext* context, const v1::ExportTracesRequest* request) {
  auto* refused =
      RefuseStream<grpc::ServerWriteReactor<v1::Trace>>(backend_, *context, "Audit/ExportTraces");
  if (refused != nullptr) return refused;
  return OpenTraceExport(backend_, SightOf(backend_, *context, "Audit/ExportTraces"), *followers_,
                         *request);
}

grpc::ServerWriteReactor<v1::VerifyJournalResponse>* AuditService::VerifyJournal(
    grpc::CallbackServerContext* context, const v1::VerifyJournalRequest* request) {
  auto* refused = RefuseStream<grpc::ServerWriteReactor<v1::VerifyJournalResponse>>(
      backend_, *context, "Audit/VerifyJournal");
  if (refused != nullptr) return refused;
  return OpenJournalCheck(backend_, *request);
}

grpc::ServerWriteReactor<v1::ReplayDecisionResponse>* AuditService::ReplayDecision(
    grpc::CallbackServerContext* context, const v1::ReplayDecisionRequest* request) {
  auto* refused = RefuseStream<grpc::ServerWriteReactor<v1::ReplayDecisionResponse>>(
      backend_, *context, "Audit/ReplayDecision");
  if (refused != nullptr) return refused;
  return OpenDecisionReplay(backend_, replay_running_, *request);
}

grpc::ServerUnaryReactor* AuditService::GetAccount(grpc::CallbackServerContext* context,
                                                   const v1::GetAccountRequest* request,
                                                   v1::GetAccountResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Audit/GetAccount")) return refused;
  constexpr int kDefaultChecks = 20;
  constexpr int kMaxChecks = 100;
  Problems problems;
  problems.Text("account_id", request->account_id(), 1, core::kMaxIdBytes);
  if (request->checks() < 0 || request->checks() > kMaxChecks) {
    problems.Add("checks", "must be 1 to 100, or 0 for 20");
  }
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  if (const absl::Status policy = PresentPolicy(backend_).status(); !policy.ok()) {
    return FinishNow(*context, ToGrpc(policy));
  }
  return OnWorker(backend_, *context, [this, request, response] {
    const int checks = request->checks() == 0 ? kDefaultChecks : request->checks();
    return ToGrpc(FillAccount(*backend_.store.view(), AccountId(request->account_id()),
                              static_cast<size_t>(checks), backend_.sequencer.Now(), *response));
  });
}

grpc::ServerUnaryReactor* AuditService::GetBook(grpc::CallbackServerContext* context,
                                                const v1::GetBookRequest* request,
                                                v1::GetBookResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Audit/GetBook")) return refused;
  const std::shared_ptr<const store::View> view = backend_.store.view();
  const core::Resident& resident = view->resident();
  if (resident.policy == nullptr) {
    return FinishNow(*context, ToGrpc(PresentPolicy(backend_).status()));
  }
  Problems problems;
  const std::optional<core::BookId> id = ToBookId(*request, *resident.policy, problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  if (!id.has_value()) {
    return FinishNow(*context, {grpc::StatusCode::NOT_FOUND,
                                absl::StrCat("the policy knows no book ", request->book())});
  }
  const absl::StatusOr<std::optional<core::Book>> book = view->Find<core::Books>(*id);
  if (!book.ok()) return FinishNow(*context, ToGrpc(book.status()));
  if (!book->has_value()) {
    return FinishNow(*context, {grpc::StatusCode::NOT_FOUND,
                                absl::StrCat("nothing ever touched this ", request->book(), " in ",
                                             request->currency_code())});
  }
  *response->mutable_book() = ToProto(*id, **book, *resident.policy->FindBook(id->book));
  MarkUnproven(*id, resident, *response->mutable_book());
  response->set_as_of_sequence(resident.clock.sequence);
  return FinishNow(*context, grpc::Status::OK);
}

grpc::ServerUnaryReactor* AuditService::ListViolations(grpc::CallbackServerContext* context,
                                                       const v1::ListViolationsRequest* request,
                                                       v1::ListViolationsResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Audit/ListViolations")) return refused;
  Problems problems;
  const size_t page_size = PageSize(request->page_size(), problems);
  absl::Time from = absl::InfinitePast();
  absl::Time to = absl::InfiniteFuture();
  if (request->has_from_time()) from = ToTime(request->from_time(), "from_time", problems);
  if (request->has_to_time()) to = ToTime(request->to_time(), "to_time", problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  return OnWorker(backend_, *context, [this, request, response, page_size, from, to] {
    const std::shared_ptr<const store::View> view = backend_.store.view();
    // Without bounds a page needs no more than itself, and one to tell that there are more.
    v1::ListViolationsRequest bounds = *request;
    bounds.clear_page_size();
    const size_t needed =
        bounds.ByteSizeLong() == 0 ? page_size + 1 : std::numeric_limits<size_t>::max();
    const absl::StatusOr<std::vector<core::Violation>> violations = view->ListViolations(needed);
    if (!violations.ok()) return ToGrpc(violations.status());
    GroupCache groups(*view);
    // A page's token is the id of the last violation of the page before.
    bool begun = request->page_token().empty();
    for (const core::Violation& found : *violations) {
      const absl::StatusOr<const core::Group*> group = groups.Find(found.group);
      if (!group.ok()) return ToGrpc(group.status());
      v1::Violation violation = ToProto(found, *group);
      if (!begun) {
        begun = violation.id() == request->page_token();
        continue;
      }
      if (!Passes(violation, found, *request, from, to)) continue;
      if (static_cast<size_t>(response->violations_size()) == page_size) {
        response->set_next_page_token(response->violations().rbegin()->id());
        break;
      }
      *response->add_violations() = std::move(violation);
    }
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* AuditService::GetViolation(grpc::CallbackServerContext* context,
                                                     const v1::GetViolationRequest* request,
                                                     v1::GetViolationResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Audit/GetViolation")) return refused;
  Problems problems;
  problems.Text("id", request->id(), 1, core::kMaxIdBytes);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  const std::shared_ptr<const store::View> view = backend_.store.view();
  const absl::StatusOr<std::optional<core::Violation>> found =
      view->Find<core::Violations>(request->id());
  if (!found.ok()) return FinishNow(*context, ToGrpc(found.status()));
  if (!found->has_value()) {
    return FinishNow(*context, {grpc::StatusCode::NOT_FOUND,
                                absl::StrCat("there is no violation ", request->id())});
  }
  const absl::StatusOr<std::optional<core::Group>> group =
      view->Find<core::Groups>((*found)->group);
  if (!group.ok()) return FinishNow(*context, ToGrpc(group.status()));
  *response->mutable_violation() = ToProto(**found, group->has_value() ? &**group : nullptr);
  return FinishNow(*context, grpc::Status::OK);
}

}  // namespace fundgate::gate
