#include "server/gate/breakers_service.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/gate/breaker_watch.h"
#include "server/gate/convert_breakers.h"
#include "server/gate/guard.h"

namespace fundgate::gate {
namespace {

// A command to a breaker, answered with the breaker.
template <typename Body, typename Response>
grpc::ServerUnaryReactor* Command(const Backend& backend, grpc::CallbackServerContext& context,
                                  Body body, const Problems& problems, Response& response) {
  if (!problems.empty()) return FinishNow(context, InvalidArgument(problems));
  return SubmitInput<core::BreakerAnswer>(
      backend, context, std::move(body), [&backend, &response](const core::BreakerAnswer& answer) {
        *response.mutable_breaker() = ToProto(answer.breaker);
        response.mutable_breaker()->set_sequence(SequenceOf(*backend.store.view(), answer.breaker));
        return grpc::Status::OK;
      });
}

// A page's token is its last change: the record and the scope, as its caller sees it.
std::optional<core::BreakerChangeId> ToLast(const std::string& token, Problems& problems) {
  if (token.empty()) return std::nullopt;
  core::BreakerChangeId last;
  const size_t blank = token.find(' ');
  if (blank == std::string::npos || !absl::SimpleAtoi(token.substr(0, blank), &last.sequence)) {
    problems.Add("page_token", "is none that this gate gave");
    return std::nullopt;
  }
  last.scope = token.substr(blank + 1);
  return last;
}

// The change that was shown as `last`: one record changes few breakers.
absl::StatusOr<core::BreakerChangeId> Unshown(const Masking& masking, Sight sight,
                                              const store::View& view, core::BreakerChangeId last) {
  constexpr size_t kOfOneRecord = 4096;
  if (sight == Sight::kClear) return last;
  FUNDGATE_ASSIGN_OR_RETURN(
      const std::vector<store::View::BreakerChange> changes,
      view.ListBreakerChanges("", core::BreakerChangeId{"", last.sequence}, kOfOneRecord));
  for (const auto& [id, breaker] : changes) {
    if (id.sequence != last.sequence) break;
    if (masking.Shown(sight, id.scope) == last.scope) return id;
  }
  return last;
}

// Tells of changes that came with a plan's undoing who undid it and why. The machine keeps with a
// breaker why it stands, or stood; why the plan went, the journal has.
class Undoings {
 public:
  explicit Undoings(const store::View& view) : view_(view) {}

  // The change as that record made it. One whose record was dropped for its age stays as it is.
  absl::Status Tell(Sequence sequence, v1::Breaker& change) {
    FUNDGATE_RETURN_IF_ERROR(Look(sequence));
    if (!undo_.has_value()) return absl::OkStatus();
    std::string reason = absl::StrCat("plan ", undo_->plan, " undone: ", undo_->reason);
    if (change.state() != v1::BREAKER_STATE_CLOSED) {
      absl::StrAppend(&reason, "; as before it: ", change.reason());
    }
    change.set_reason(reason);
    change.set_actor(undo_->actor);
    return absl::OkStatus();
  }

 private:
  // A plan's breakers change by one record.
  absl::Status Look(Sequence sequence) {
    if (sequence == seen_) return absl::OkStatus();
    undo_.reset();
    const absl::StatusOr<store::JournalEntry> entry = view_.GetJournalEntry(sequence);
    if (!entry.ok() && !absl::IsNotFound(entry.status())) return entry.status();
    seen_ = sequence;
    if (!entry.ok()) return absl::OkStatus();
    const auto* undo = std::get_if<core::UndoPlanInput>(&entry->input.body);
    if (undo != nullptr) undo_ = *undo;
    return absl::OkStatus();
  }

  const store::View& view_;
  Sequence seen_ = 0;
  std::optional<core::UndoPlanInput> undo_;  // of that record
};

}  // namespace

BreakersService::BreakersService(const Backend& backend)
    : backend_(backend),
      watch_(std::make_unique<BreakerWatch>()),
      observer_(backend.sequencer.AddObserver([watch = watch_.get()](Sequence sequence,
                                                                     const core::Input& /*input*/,
                                                                     const core::Outcome& outcome) {
        watch->Changed(sequence, outcome);
      })) {}

BreakersService::~BreakersService() { backend_.sequencer.RemoveObserver(observer_); }

grpc::ServerUnaryReactor* BreakersService::ListBreakers(grpc::CallbackServerContext* context,
                                                        const v1::ListBreakersRequest* request,
                                                        v1::ListBreakersResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Breakers/ListBreakers")) return refused;
  Problems problems;
  const Sight sight = SightOf(backend_, *context, "Breakers/ListBreakers");
  const size_t page_size = PageSize(request->page_size(), problems);
  // A page's token is the last scope of the page before.
  const std::string last = backend_.masking.Meant(request->page_token(), problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  const std::shared_ptr<const store::View> view = backend_.store.view();
  const auto& breakers = view->resident().of<core::Breakers>();
  // Scopes begin as their caller sees them: values must not be found out letter by letter.
  for (auto it = breakers.upper_bound(last); it != breakers.end(); ++it) {
    if (!absl::StartsWith(backend_.masking.Shown(sight, it->first), request->scope_prefix())) {
      continue;
    }
    if (static_cast<size_t>(response->breakers_size()) == page_size) {
      response->set_next_page_token(response->breakers().rbegin()->scope());
      break;
    }
    v1::Breaker& breaker = *response->add_breakers();
    breaker = ToProto(it->second);
    breaker.set_sequence(SequenceOf(*view, it->second));
  }
  return FinishNow(*context, grpc::Status::OK);
}

grpc::ServerUnaryReactor* BreakersService::GetBreaker(grpc::CallbackServerContext* context,
                                                      const v1::GetBreakerRequest* request,
                                                      v1::GetBreakerResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Breakers/GetBreaker")) return refused;
  Problems problems;
  const Sight sight = SightOf(backend_, *context, "Breakers/GetBreaker");
  const std::string scope =
      backend_.masking.Meant(sight, ToScope(request->scope(), problems), problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  const std::shared_ptr<const store::View> view = backend_.store.view();
  const auto found = view->resident().of<core::Breakers>().find(scope);
  if (found == view->resident().of<core::Breakers>().end()) {
    *response->mutable_breaker() = ClosedBreaker(scope);
  } else {
    *response->mutable_breaker() = ToProto(found->second);
    response->mutable_breaker()->set_sequence(SequenceOf(*view, found->second));
  }
  return FinishNow(*context, grpc::Status::OK);
}

grpc::ServerUnaryReactor* BreakersService::TripBreaker(grpc::CallbackServerContext* context,
                                                       const v1::TripBreakerRequest* request,
                                                       v1::TripBreakerResponse* response) {
  const auto asked = Signed(backend_, *context, "Breakers/TripBreaker", *request);
  if (!asked.ok()) return FinishNow(*context, ToGrpc(asked.status()));
  Problems problems;
  core::TripBreakerInput input = ToTrip(*asked, backend_.sequencer.Now(), problems);
  input.scope = backend_.masking.Meant(input.scope, problems);
  return Command(backend_, *context, std::move(input), problems, *response);
}

grpc::ServerUnaryReactor* BreakersService::HalfOpenBreaker(
    grpc::CallbackServerContext* context, const v1::HalfOpenBreakerRequest* request,
    v1::HalfOpenBreakerResponse* response) {
  const auto asked = Signed(backend_, *context, "Breakers/HalfOpenBreaker", *request);
  if (!asked.ok()) return FinishNow(*context, ToGrpc(asked.status()));
  Problems problems;
  core::HalfOpenBreakerInput input = ToHalfOpen(*asked, backend_.sequencer.Now(), problems);
  input.scope = backend_.masking.Meant(input.scope, problems);
  return Command(backend_, *context, std::move(input), problems, *response);
}

grpc::ServerUnaryReactor* BreakersService::ResetBreaker(grpc::CallbackServerContext* context,
                                                        const v1::ResetBreakerRequest* request,
                                                        v1::ResetBreakerResponse* response) {
  const auto asked = Signed(backend_, *context, "Breakers/ResetBreaker", *request);
  if (!asked.ok()) return FinishNow(*context, ToGrpc(asked.status()));
  Problems problems;
  core::ResetBreakerInput input = ToReset(*asked, problems);
  input.scope = backend_.masking.Meant(input.scope, problems);
  return Command(backend_, *context, std::move(input), problems, *response);
}

grpc::ServerWriteReactor<v1::WatchBreakersResponse>* BreakersService::WatchBreakers(
    grpc::CallbackServerContext* context, const v1::WatchBreakersRequest* request) {
  auto* refused = RefuseStream<grpc::ServerWriteReactor<v1::WatchBreakersResponse>>(
      backend_, *context, "Breakers/WatchBreakers");
  if (refused != nullptr) return refused;
  return watch_->Open(backend_, SightOf(backend_, *context, "Breakers/WatchBreakers"),
                      request->scope_prefix());
}

grpc::ServerUnaryReactor* BreakersService::ListBreakerChanges(
    grpc::CallbackServerContext* context, const v1::ListBreakerChangesRequest* request,
    v1::ListBreakerChangesResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Breakers/ListBreakerChanges")) return refused;
  Problems problems;
  const size_t page_size = PageSize(request->page_size(), problems);
  const Sight sight = SightOf(backend_, *context, "Breakers/ListBreakerChanges");
  std::string scope;
  if (!request->scope().empty()) {
    scope = backend_.masking.Meant(sight, ToScope(request->scope(), problems), problems);
  }
  const std::optional<core::BreakerChangeId> shown = ToLast(request->page_token(), problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  return OnWorker(backend_, *context, [this, sight, scope, shown, page_size, response] {
    const std::shared_ptr<const store::View> view = backend_.store.view();
    std::optional<core::BreakerChangeId> last;
    if (shown.has_value()) {
      const auto meant = Unshown(backend_.masking, sight, *view, *shown);
      if (!meant.ok()) return ToGrpc(meant.status());
      last = *meant;
    }
    const auto changes = view->ListBreakerChanges(scope, last, page_size + 1);
    if (!changes.ok()) return ToGrpc(changes.status());
    Undoings undoings(*view);
    for (const auto& [id, breaker] : *changes) {
      if (static_cast<size_t>(response->changes_size()) == page_size) {
        const v1::Breaker& before = *response->changes().rbegin();
        response->set_next_page_token(absl::StrCat(before.sequence(), " ", before.scope()));
        break;
      }
      v1::Breaker& change = *response->add_changes();
      change = ToProto(breaker);
      change.set_sequence(id.sequence);
      const absl::Status told = undoings.Tell(id.sequence, change);
      if (!told.ok()) return ToGrpc(told);
    }
    return grpc::Status::OK;
  });
}

}  // namespace fundgate::gate
