// What every verb of fundctl gets: where to talk to, where to write, and how.
#ifndef CLIENT_FUNDCTL_CONTEXT_H_
#define CLIENT_FUNDCTL_CONTEXT_H_

#include <chrono>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "client/fundctl/exit_codes.h"
#include "connection/security.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name
class App;
}  // namespace CLI

namespace fundgate::fundctl {

struct Context {
  Context(std::ostream& out_stream, std::ostream& err_stream, std::istream& in_stream)
      : out(out_stream), err(err_stream), in(in_stream) {}

  std::ostream& out;
  std::ostream& err;
  std::istream& in;
  // What can be waited for behind `in`: the process's standard input; -1 if `in` is only a text.
  int in_descriptor = -1;

  // Set by the global options before the verb runs.
  std::string address = "127.0.0.1:7443";
  connection::Security security;
  double timeout_seconds = 5;
  bool json = false;

  // What the chosen verb does; set by its callback, run once the command line is known to be right.
  std::function<ExitCode()> run;

  // Makes the channel, from the address and the files of `security`.
  absl::Status Connect();
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  // Who gives a command: who was named; else, for a gate that authenticates, nobody, so that it
  // says itself; else the user's login name.
  std::string ActorOf(const std::string& named) const;
  // Gives a call its deadline. Streams that stay open get none.
  void SetDeadline(grpc::ClientContext& call) const;
  // Prints what went wrong, with each bad field on its own line, and gives the exit code.
  ExitCode Fail(const grpc::Status& status);
  ExitCode Fail(const absl::Status& status);

 private:
  std::shared_ptr<grpc::Channel> channel_;
};

// Adds --actor, for Context::ActorOf.
void AddActor(CLI::App& verb, std::string& actor);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_CONTEXT_H_
