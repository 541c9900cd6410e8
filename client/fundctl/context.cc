#include "client/fundctl/context.h"

#include <pwd.h>
#include <unistd.h>

#include <ostream>

#include "CLI/CLI.hpp"
#include "connection/credentials.h"
#include "fundgate/types/status_macros.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/support/channel_arguments.h"

namespace fundgate::fundctl {

absl::Status Context::Connect() {
  grpc::ChannelArguments arguments;
  FUNDGATE_ASSIGN_OR_RETURN(const auto credentials,
                            connection::MakeCredentials(security, arguments));
  channel_ = grpc::CreateCustomChannel(address, credentials, arguments);
  return absl::OkStatus();
}

std::string Context::ActorOf(const std::string& named) const {
  if (!named.empty() || security.authenticates()) return named;
  const passwd* user = ::getpwuid(::geteuid());
  return user != nullptr && user->pw_name != nullptr ? user->pw_name : "unknown";
}

void Context::SetDeadline(grpc::ClientContext& call) const {
  call.set_deadline(std::chrono::system_clock::now() +
                    std::chrono::milliseconds(static_cast<int64_t>(timeout_seconds * 1000)));
}

ExitCode Context::Fail(const grpc::Status& status) {
  const absl::Status failure(static_cast<absl::StatusCode>(status.error_code()),
                             status.error_message());
  google::rpc::Status details;
  if (details.ParseFromString(status.error_details())) {
    for (const google::protobuf::Any& detail : details.details()) {
      google::rpc::BadRequest bad_request;
      if (!detail.UnpackTo(&bad_request)) continue;
      for (const auto& violation : bad_request.field_violations()) {
        err << "fundctl: " << violation.field() << ": " << violation.description() << "\n";
      }
      if (bad_request.field_violations_size() > 0) return ExitCodeOf(failure);
    }
  }
  return Fail(failure);
}

ExitCode Context::Fail(const absl::Status& status) {
  const ExitCode code = ExitCodeOf(status);
  err << "fundctl: " << status.message() << " (" << absl::StatusCodeToString(status.code())
      << ")\n";
  if (code == kUnreachable) {
    err << "fundctl: no answer from " << address
        << "; is the gate running there? --address or FUNDGATE_ADDRESS names another one\n";
  }
  return code;
}

void AddActor(CLI::App& verb, std::string& actor) {
  verb.add_option("--actor", actor,
                  "Who; by default whom the gate knows you as, or your login name where it asks "
                  "nobody");
}

}  // namespace fundgate::fundctl
