// Many callers at once, on one thread: asynchronous checks over several connections.
#ifndef TESTS_END_TO_END_CALLERS_H_
#define TESTS_END_TO_END_CALLERS_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fundgate/v1/gate.grpc.pb.h"

namespace fundgate::end_to_end {

struct Answer {
  v1::CheckRequest request;
  grpc::Status status;
  v1::Decision decision;
};

class Callers {
 public:
  // Over so many connections of their own to the gate.
  Callers(const std::string& address, int connections);
  ~Callers();  // cancels and collects what is under way

  void Ask(const v1::CheckRequest& request);
  size_t under_way() const { return calls_.size(); }

  // The next answer, whichever comes first. Something must be under way.
  Answer Next();

  // Asks all at once, and waits for all.
  std::vector<Answer> AskAll(const std::vector<v1::CheckRequest>& requests);

 private:
  struct Call;

  std::vector<std::unique_ptr<v1::Gate::Stub>> stubs_;
  size_t next_stub_ = 0;
  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<Call>> calls_;  // each knows its place here
};

}  // namespace fundgate::end_to_end

#endif  // TESTS_END_TO_END_CALLERS_H_
