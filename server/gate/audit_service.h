// The service that auditors call.
#ifndef SERVER_GATE_AUDIT_SERVICE_H_
#define SERVER_GATE_AUDIT_SERVICE_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "fundgate/v1/audit.grpc.pb.h"
#include "server/gate/backend.h"

namespace fundgate::gate {

class JournalFollowers;

class AuditService final : public v1::Audit::CallbackService {
 public:
  // Hears of every new record from the sequencer, until it is destroyed.
  explicit AuditService(const Backend& backend);
  ~AuditService() override;

  grpc::ServerWriteReactor<v1::Trace>* ExportTraces(
      grpc::CallbackServerContext* context, const v1::ExportTracesRequest* request) override;
  grpc::ServerWriteReactor<v1::VerifyJournalResponse>* VerifyJournal(
      grpc::CallbackServerContext* context, const v1::VerifyJournalRequest* request) override;
  grpc::ServerWriteReactor<v1::ReplayDecisionResponse>* ReplayDecision(
      grpc::CallbackServerContext* context, const v1::ReplayDecisionRequest* request) override;
  grpc::ServerUnaryReactor* GetAccount(grpc::CallbackServerContext* context,
                                       const v1::GetAccountRequest* request,
                                       v1::GetAccountResponse* response) override;
  grpc::ServerUnaryReactor* GetBook(grpc::CallbackServerContext* context,
                                    const v1::GetBookRequest* request,
                                    v1::GetBookResponse* response) override;
  grpc::ServerUnaryReactor* ListViolations(grpc::CallbackServerContext* context,
                                           const v1::ListViolationsRequest* request,
                                           v1::ListViolationsResponse* response) override;
  grpc::ServerUnaryReactor* GetViolation(grpc::CallbackServerContext* context,
                                         const v1::GetViolationRequest* request,
                                         v1::GetViolationResponse* response) override;

 private:
  const Backend& backend_;
  const std::unique_ptr<JournalFollowers> followers_;
  const uint64_t observer_;
  std::atomic<bool> replay_running_ = false;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_AUDIT_SERVICE_H_
