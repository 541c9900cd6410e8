#include "server/gate/access.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "server/gate/grpc_status.h"
#include "server/security/roles.h"

namespace fundgate::gate {
namespace {

// The names in the caller's certificate, which was checked when the connection was made.
std::vector<std::string> CertificateNames(const grpc::ServerContextBase& context) {
  std::vector<std::string> names;
  const std::shared_ptr<const grpc::AuthContext> connection = context.auth_context();
  if (connection == nullptr) return names;
  for (const char* property : {GRPC_PEER_URI_PROPERTY_NAME, GRPC_PEER_DNS_PROPERTY_NAME}) {
    for (const grpc::string_ref& name : connection->FindPropertyValues(property)) {
      names.emplace_back(name.data(), name.size());
    }
  }
  return names;
}

bool HasCertificate(const grpc::CallbackServerContext& context) {
  const std::shared_ptr<const grpc::AuthContext> connection = context.auth_context();
  return connection != nullptr &&
         !connection->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME).empty();
}

// What stands behind "Bearer "; nothing if the call has no such header. Another scheme is an empty
// token, which is nobody's.
std::optional<std::string> TokenOf(const grpc::ServerContextBase& context) {
  const auto header = context.client_metadata().find("authorization");
  if (header == context.client_metadata().end()) return std::nullopt;
  const absl::string_view value(header->second.data(), header->second.size());
  constexpr absl::string_view kScheme = "bearer ";
  if (!absl::StartsWithIgnoreCase(value, kScheme)) return "";
  return std::string(absl::StripAsciiWhitespace(value.substr(kScheme.size())));
}

}  // namespace

Access::Access(std::unique_ptr<Callers> callers, security::SecurityLog& log, Meters& meters,
               absl::Duration (*steady)())
    : callers_(std::move(callers)), log_(log), meters_(meters), steady_(steady) {}

absl::StatusOr<Call> Access::Admit(const grpc::CallbackServerContext& context,
                                   std::string_view rpc) {
  Call call(*this, context, rpc);
  if (!asks()) return call;
  FUNDGATE_RETURN_IF_ERROR(Identify(call));
  const security::RpcRule* rule = security::FindRpc(rpc);
  const security::RoleSet allowed = rule == nullptr ? security::RoleSet{} : rule->roles;
  if (!call.caller_->roles.Meets(allowed)) {
    return Deny(call, absl::StatusCode::kPermissionDenied,
                {v1::DENIAL_REASON_ROLE,
                 absl::StrCat(ToAbsl(rpc), " is for ",
                              rule == nullptr ? "nobody" : security::NamesOf(allowed), "; ",
                              call.caller_->name, " is ", security::NamesOf(call.caller_->roles))});
  }
  FUNDGATE_RETURN_IF_ERROR(Count(call));
  return call;
}

absl::Status Access::Identify(Call& call) {
  call.list_ = callers_->Get();
  if (const std::optional<std::string> token = TokenOf(call.context_); token.has_value()) {
    call.caller_ = call.list_->FindByToken(*token);
    if (call.caller_ != nullptr) return absl::OkStatus();
    return Deny(call, absl::StatusCode::kUnauthenticated,
                {v1::DENIAL_REASON_BAD_TOKEN, "the call's token is nobody's"});
  }
  const std::vector<std::string> names = CertificateNames(call.context_);
  if (names.empty() && !HasCertificate(call.context_)) {
    return Deny(call, absl::StatusCode::kUnauthenticated,
                {v1::DENIAL_REASON_NO_CREDENTIALS,
                 "the call says nowhere who makes it: a certificate or a token was expected"});
  }
  call.caller_ = call.list_->FindByCertificate(names);
  if (call.caller_ != nullptr) return absl::OkStatus();
  return Deny(call, absl::StatusCode::kUnauthenticated,
              {v1::DENIAL_REASON_UNKNOWN_CERTIFICATE,
               absl::StrCat("the access file has no caller, or more than one, for the names of "
                            "this certificate: ",
                            names.empty() ? "it has none" : absl::StrJoin(names, ", "))});
}

Sight Access::SightOf(const grpc::ServerContextBase& context, std::string_view rpc) const {
  if (!asks()) return Sight::kClear;
  const std::shared_ptr<const security::AccessList> list = callers_->Get();
  const std::optional<std::string> token = TokenOf(context);
  const security::Caller* caller = token.has_value()
                                       ? list->FindByToken(*token)
                                       : list->FindByCertificate(CertificateNames(context));
  const bool sees = caller != nullptr && security::SeesSensitive(rpc, caller->roles);
  return sees ? Sight::kClear : Sight::kMasked;
}

absl::Status Access::Count(const Call& call) {
  if (call.caller_->limit == nullptr) return absl::OkStatus();
  const absl::Duration wait = call.caller_->limit->Take(steady_());
  if (wait <= absl::ZeroDuration()) return absl::OkStatus();
  return WithRetryDelay(
      Deny(call, absl::StatusCode::kResourceExhausted,
           {v1::DENIAL_REASON_RATE,
            absl::StrCat(call.caller_->name, " calls more often than its limit allows")}),
      wait);
}

absl::Status Access::Deny(const Call& call, absl::StatusCode code, Denied denied) {
  v1::Denial denial;
  denial.set_reason(denied.reason);
  if (call.caller_ != nullptr) denial.set_caller(call.caller_->name);
  denial.set_certificate(absl::StrJoin(CertificateNames(call.context_), ","));
  denial.set_rpc(std::string(call.rpc_));
  denial.set_peer(call.context_.peer());
  denial.set_message(denied.message);
  log_.Add(std::move(denial));
  meters_.CallFailed(static_cast<int>(code));
  return {code, denied.message};
}

absl::Status Call::AllowCheckpoint(std::string_view checkpoint) const {
  if (caller_ == nullptr || caller_->MayAsk(checkpoint)) return absl::OkStatus();
  return access_.Deny(
      *this, absl::StatusCode::kPermissionDenied,
      {v1::DENIAL_REASON_CHECKPOINT,
       absl::StrCat(caller_->name, " may not ask at the checkpoint \"", ToAbsl(checkpoint), "\"")});
}

absl::Status Call::AllowSource(std::string_view source) const {
  if (caller_ == nullptr || caller_->MayFeed(source)) return absl::OkStatus();
  return access_.Deny(
      *this, absl::StatusCode::kPermissionDenied,
      {v1::DENIAL_REASON_SOURCE,
       absl::StrCat(caller_->name, " may not feed the source \"", ToAbsl(source), "\"")});
}

void Call::Charge(int64_t calls) const {
  if (caller_ == nullptr || caller_->limit == nullptr || calls < 1) return;
  caller_->limit->Charge(calls, access_.steady_());
}

absl::StatusOr<std::string> Call::Actor(std::string_view named) const {
  if (caller_ == nullptr) return std::string(named);
  if (named.empty() || named == caller_->name) return caller_->name;
  return access_.Deny(*this, absl::StatusCode::kPermissionDenied,
                      {v1::DENIAL_REASON_OTHER_ACTOR,
                       absl::StrCat("actor: the call comes from ", caller_->name,
                                    " and names somebody else; leave the actor out")});
}

}  // namespace fundgate::gate
