// The service of breakers.
#ifndef SERVER_GATE_BREAKERS_SERVICE_H_
#define SERVER_GATE_BREAKERS_SERVICE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "fundgate/v1/breakers.grpc.pb.h"
#include "server/gate/backend.h"

namespace fundgate::gate {

// Changes that a watcher may be behind; one more ends it.
inline constexpr size_t kMaxUnreadChanges = 4096;

class BreakerWatch;

class BreakersService final : public v1::Breakers::CallbackService {
 public:
  // Hears of every change from the sequencer, until it is destroyed.
  explicit BreakersService(const Backend& backend);
  ~BreakersService() override;

  grpc::ServerUnaryReactor* ListBreakers(grpc::CallbackServerContext* context,
                                         const v1::ListBreakersRequest* request,
                                         v1::ListBreakersResponse* response) override;
  grpc::ServerUnaryReactor* GetBreaker(grpc::CallbackServerContext* context,
                                       const v1::GetBreakerRequest* request,
                                       v1::GetBreakerResponse* response) override;
  grpc::ServerUnaryReactor* TripBreaker(grpc::CallbackServerContext* context,
                                        const v1::TripBreakerRequest* request,
                                        v1::TripBreakerResponse* response) override;
  grpc::ServerUnaryReactor* HalfOpenBreaker(grpc::CallbackServerContext* context,
                                            const v1::HalfOpenBreakerRequest* request,
                                            v1::HalfOpenBreakerResponse* response) override;
  grpc::ServerUnaryReactor* ResetBreaker(grpc::CallbackServerContext* context,
                                         const v1::ResetBreakerRequest* request,
                                         v1::ResetBreakerResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchBreakersResponse>* WatchBreakers(
      grpc::CallbackServerContext* context, const v1::WatchBreakersRequest* request) override;
  grpc::ServerUnaryReactor* ListBreakerChanges(grpc::CallbackServerContext* context,
                                               const v1::ListBreakerChangesRequest* request,
                                               v1::ListBreakerChangesResponse* response) override;

 private:
  const Backend& backend_;
  const std::unique_ptr<BreakerWatch> watch_;
  const uint64_t observer_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_BREAKERS_SERVICE_H_
