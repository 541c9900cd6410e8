// Keeps from callers what the policy names sensitive and their role may not see: the values of
// attributes, of facts' fields and of guarded columns. They see masks instead (mask_key.h), and
// speak of a breaker by the mask of its scope.
//
// The journal, the state and every verdict know the values; only what leaves the gate is masked, in
// one place: MaskingInterceptors puts it between all services and their callers, so that no call
// can forget it, and whoever carries alerts and spans outward asks it too. docs/security.md tells
// who sees what.
#ifndef SERVER_GATE_MASKING_H_
#define SERVER_GATE_MASKING_H_

#include <google/protobuf/message.h>
#include <grpcpp/support/server_interceptor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/gate/problems.h"
#include "server/security/mask_key.h"
#include "server/sequencer/mutex.h"
#include "server/store/store.h"

namespace fundgate::gate {

class Access;

// What somebody sees of sensitive values.
enum class Sight : uint8_t { kClear, kMasked };

// Any thread.
class Masking {
 public:
  // The names that a policy version keeps.
  class Names;

  // `store` must outlive it.
  Masking(const store::Store& store, security::MaskKey key);
  ~Masking();

  // Masks, in place, what the policy in force names sensitive; of any message of the contract:
  //  - an entry of a map whose name is, or has between its dots, a sensitive one ("payee",
  //    "request.attributes.payee", "left.payee", "iban.before");
  //  - the value in the scope of a breaker ("refund/payee:...") wherever one stands in a text;
  //  - sentences about two values of such a field, from where they begin to tell them;
  //  - the literals of an SQL statement, any of which may be one.
  // Masks stay as they are. True if anything was masked; a message with a field `masked` says so.
  bool Mask(google::protobuf::Message& message) const;

  // The same for a text by itself.
  std::string MaskText(const std::string& text) const;

  // A breaker's scope as whoever sees so sees it.
  std::string Shown(Sight sight, const std::string& scope) const;

  // The breaker's scope that a command means, which may name a value or one of its masks. A problem
  // of "scope" if no breaker there is has that mask.
  std::string Meant(const std::string& scope, Problems& problems) const;

  // The same for whoever only looks: who sees masks asks by masks, for an answer to a value would
  // tell its mask, and so whose mask it is.
  std::string Meant(Sight sight, const std::string& scope, Problems& problems) const;

 private:
  std::shared_ptr<const Names> NamesInForce() const FUNDGATE_EXCLUDES(mutex_);

  const store::Store& store_;
  const security::MaskKey key_;
  mutable sequencer::Mutex mutex_;
  mutable std::shared_ptr<const Names> names_ FUNDGATE_GUARDED_BY(mutex_);
};

// For a gRPC server of the gate's services. Both must outlive it. None where nobody is asked who
// calls: then everybody sees everything.
std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
MaskingInterceptors(const Masking& masking, Access& access);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_MASKING_H_
