// A gate that asks callers who they are, with a certificate authority of its own.
#ifndef TESTS_END_TO_END_SECURE_WORLD_H_
#define TESTS_END_TO_END_SECURE_WORLD_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fundgate/v1/security.pb.h"
#include "server/gate/server.h"
#include "tests/security/temporary_folder.h"
#include "tests/security/test_authority.h"

namespace fundgate::end_to_end {

// Callers by certificate: payments, refunds (only at the checkpoint refund), ledger and shop (each
// feeds the source of its name), ann (operator), amy (approver), joe (auditor), eva (admin), slow
// (a payment service that may call once a second). By token: tom (auditor). There is a certificate
// of nobody's, too.
class SecureWorld {
 public:
  explicit SecureWorld(const std::function<void(gate::ServerSettings&)>& adjust = nullptr);
  ~SecureWorld();

  const std::string& folder() const { return folder_.path(); }
  std::string file(const std::string& name) const { return folder() + "/" + name; }
  std::string address() const { return server_->address(); }
  const std::string& token() const { return token_; }
  security::testing::TestAuthority& authority() { return authority_; }
  const gate::Server& server() const { return *server_; }
  // All that the gate has logged.
  std::string log() const;

  // Writes NAME.pem: a certificate that names the caller, with its key.
  void Issue(const std::string& caller);
  // Renews the gate's own.
  void RenewGate();
  // Adds lines to the access file, or takes it back to what it was at first.
  void WriteAccess(const std::string& more = "");

  // A connection of its own, as the caller; without a name without a certificate.
  std::shared_ptr<grpc::Channel> Connect(const std::string& caller,
                                         const std::string& token_file = "") const;

  // What the auditor sees, the newest first.
  v1::ListDenialsResponse Denials() const;
  uint64_t Count(v1::DenialReason reason) const;

 private:
  security::testing::TemporaryFolder folder_;
  security::testing::TestAuthority authority_;
  std::string token_;
  std::string token_hash_;
  mutable std::mutex mutex_;
  std::string log_;
  std::unique_ptr<gate::Server> server_;
};

// A call of any method, as "Holds/ListHolds", with an empty request.
grpc::Status CallEmpty(const std::shared_ptr<grpc::Channel>& channel, const std::string& rpc);

}  // namespace fundgate::end_to_end

#endif  // TESTS_END_TO_END_SECURE_WORLD_H_
