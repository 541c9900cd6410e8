#include "server/gate/violations_service.h"

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fundgate/types/status_macros.h"
#include "server/core/reviews.h"
#include "server/gate/convert_review.h"
#include "server/gate/guard.h"

namespace fundgate::gate {
namespace {

// How a violation or a group stands now, into the answer to a review of it.
template <typename Response>
absl::Status FillReview(const store::View& view, const std::string& id, Response& response) {
  FUNDGATE_ASSIGN_OR_RETURN(const std::optional<core::Violation> violation,
                            view.Find<core::Violations>(id));
  FUNDGATE_ASSIGN_OR_RETURN(const std::optional<core::Group> group,
                            view.Find<core::Groups>(violation.has_value() ? violation->group : id));
  if (group.has_value()) {
    *response.mutable_group() = ToGroup(*group, view.resident());
    *response.mutable_review() = ToProto(group->review);
  }
  if (violation.has_value()) {
    *response.mutable_review() =
        ToProto(group.has_value() ? core::EffectiveReview(*violation, *group) : violation->review);
  }
  return absl::OkStatus();
}

bool Passes(const core::Group& group, const v1::ListViolationGroupsRequest& request) {
  return (request.state() == v1::REVIEW_STATE_UNSPECIFIED ||
          request.state() == ToProto(group.review.state)) &&
         (request.name().empty() || request.name() == group.key.name) &&
         (request.id().empty() || request.id() == group.id);
}

}  // namespace

grpc::ServerUnaryReactor* ViolationsService::AcknowledgeViolation(
    grpc::CallbackServerContext* context, const v1::AcknowledgeViolationRequest* request,
    v1::AcknowledgeViolationResponse* response) {
  const auto asked = Signed(backend_, *context, "Violations/AcknowledgeViolation", *request);
  if (!asked.ok()) return FinishNow(*context, ToGrpc(asked.status()));
  Problems problems;
  core::AcknowledgeInput input = ToAcknowledge(*asked, problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  return SubmitInput<core::Done>(backend_, *context, input,
                                 [this, id = input.id, response](const core::Done&) {
                                   return ToGrpc(FillReview(*backend_.store.view(), id, *response));
                                 });
}

grpc::ServerUnaryReactor* ViolationsService::ResolveViolation(
    grpc::CallbackServerContext* context, const v1::ResolveViolationRequest* request,
    v1::ResolveViolationResponse* response) {
  const auto asked = Signed(backend_, *context, "Violations/ResolveViolation", *request);
  if (!asked.ok()) return FinishNow(*context, ToGrpc(asked.status()));
  Problems problems;
  core::ResolveInput input = ToResolve(*asked, problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  return SubmitInput<core::Done>(backend_, *context, input,
                                 [this, id = input.id, response](const core::Done&) {
                                   return ToGrpc(FillReview(*backend_.store.view(), id, *response));
                                 });
}

grpc::ServerUnaryReactor* ViolationsService::ListViolationGroups(
    grpc::CallbackServerContext* context, const v1::ListViolationGroupsRequest* request,
    v1::ListViolationGroupsResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Violations/ListViolationGroups")) return refused;
  Problems problems;
  const size_t page_size = PageSize(request->page_size(), problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  return OnWorker(backend_, *context, [this, request, response, page_size] {
    const std::shared_ptr<const store::View> view = backend_.store.view();
    const absl::StatusOr<std::vector<core::Group>> groups =
        view->ListGroups(std::numeric_limits<size_t>::max());
    if (!groups.ok()) return ToGrpc(groups.status());
    // A page's token is the id of the last group of the page before.
    bool begun = request->page_token().empty();
    for (const core::Group& group : *groups) {
      if (!begun) {
        begun = group.id == request->page_token();
        continue;
      }
      if (!Passes(group, *request)) continue;
      if (static_cast<size_t>(response->groups_size()) == page_size) {
        response->set_next_page_token(response->groups().rbegin()->id());
        break;
      }
      *response->add_groups() = ToGroup(group, view->resident());
    }
    return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* ViolationsService::ListViolationTallies(
    grpc::CallbackServerContext* context, const v1::ListViolationTalliesRequest* /*request*/,
    v1::ListViolationTalliesResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Violations/ListViolationTallies")) return refused;
  const std::shared_ptr<const store::View> view = backend_.store.view();
  for (const auto& [name, tally] : view->resident().of<core::Tallies>()) {
    *response->add_tallies() = ToTally(name, tally);
  }
  return FinishNow(*context, grpc::Status::OK);
}

}  // namespace fundgate::gate
