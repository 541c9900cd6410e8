// Who makes a call, and whether they may: the gate's door. docs/security.md shows what it asks.
#ifndef SERVER_GATE_ACCESS_H_
#define SERVER_GATE_ACCESS_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "fundgate/v1/security.pb.h"
#include "server/gate/masking.h"
#include "server/gate/meters.h"
#include "server/security/access_list.h"
#include "server/security/reloaded.h"
#include "server/security/security_log.h"

namespace fundgate::gate {

class Access;

// A call that was let in, and who makes it. Not after the call's end.
//
// Each refusal is PERMISSION_DENIED with a sentence, stands in the security log, and is counted as
// a failed call.
class Call {
 public:
  // May its caller speak of movements of this checkpoint?
  absl::Status AllowCheckpoint(std::string_view checkpoint) const;

  // May its caller feed this source?
  absl::Status AllowSource(std::string_view source) const;

  // Counts so many calls more against the caller's limit: those after it wait the longer.
  void Charge(int64_t calls) const;

  // Who does what the call asks for. That is whom the gate has authenticated, whom the call may
  // leave out and must not contradict; without authentication whom the call names.
  absl::StatusOr<std::string> Actor(std::string_view named) const;

 private:
  friend class Access;
  Call(Access& access, const grpc::CallbackServerContext& context, std::string_view rpc)
      : access_(access), context_(context), rpc_(rpc) {}

  Access& access_;
  const grpc::CallbackServerContext& context_;
  const std::string_view rpc_;
  std::shared_ptr<const security::AccessList> list_;  // holds the caller
  const security::Caller* caller_ = nullptr;          // null: nobody is asked who they are
};

// Any thread.
class Access {
 public:
  using Callers = security::Reloaded<security::AccessList>;

  // Without callers nobody is asked who they are, and everybody may do everything.
  Access(std::unique_ptr<Callers> callers, security::SecurityLog& log, Meters& meters,
         absl::Duration (*steady)());

  bool asks() const { return callers_ != nullptr; }

  // `rpc` as in security::RpcRules. A token counts before a certificate. UNAUTHENTICATED if it
  // isn't known who calls, PERMISSION_DENIED if none of its roles may, RESOURCE_EXHAUSTED with a
  // retry hint if it calls more often than its limit allows.
  absl::StatusOr<Call> Admit(const grpc::CallbackServerContext& context, std::string_view rpc);

  // What its caller sees of sensitive values in the answers of this call; of nobody's call masks.
  // Neither denies nor counts anything.
  Sight SightOf(const grpc::ServerContextBase& context, std::string_view rpc) const;

 private:
  friend class Call;
  struct Denied {
    v1::DenialReason reason;
    std::string message;
  };

  // Writes it down and counts it; gives the caller's own answer, with which its call ends.
  absl::Status Deny(const Call& call, absl::StatusCode code, Denied denied);
  absl::Status Identify(Call& call);
  absl::Status Count(const Call& call);

  const std::unique_ptr<Callers> callers_;
  security::SecurityLog& log_;
  Meters& meters_;
  absl::Duration (*const steady_)();
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_ACCESS_H_
