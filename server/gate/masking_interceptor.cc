// Between the services and their callers; see masking.h.
#include <grpcpp/grpcpp.h>

#include <optional>
#include <string_view>
#include <utility>

#include "server/gate/access.h"
#include "server/gate/masking.h"
#include "server/security/roles.h"

namespace fundgate::gate {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

constexpr std::string_view kPackage = "/fundgate.v1.";

// Of one call. gRPC calls it for one thing at a time.
class MaskingInterceptor final : public grpc::experimental::Interceptor {
 public:
  MaskingInterceptor(const Masking& masking, Access& access, ServerRpcInfo& call,
                     std::string_view rpc)
      : masking_(masking), access_(access), call_(call), rpc_(rpc) {}

  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_MESSAGE)) {
      MaskMessage(*methods);
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      MaskStatus(*methods);
    }
    methods->Proceed();
  }

 private:
  // The first answer finds out: then the handler has let the caller in.
  bool SeesMasks() {
    if (!sight_.has_value()) sight_ = access_.SightOf(*call_.server_context(), rpc_);
    return *sight_ == Sight::kMasked;
  }

  void MaskMessage(InterceptorBatchMethods& methods) {
    // Messages of our services are protobuf's, and each derives from this alone.
    const auto* answer = static_cast<const google::protobuf::Message*>(methods.GetSendMessage());
    if (answer == nullptr || !SeesMasks()) return;
    copy_.reset(answer->New());
    copy_->CopyFrom(*answer);
    if (masking_.Mask(*copy_)) methods.ModifySendMessage(copy_.get());
  }

  void MaskStatus(InterceptorBatchMethods& methods) {
    const grpc::Status status = methods.GetSendStatus();
    if (status.ok() || status.error_message().empty() || !SeesMasks()) return;
    std::string message = masking_.MaskText(status.error_message());
    if (message == status.error_message()) return;
    // Details repeat the message: they don't go out with it.
    methods.ModifySendStatus({status.error_code(), std::move(message)});
  }

  const Masking& masking_;
  Access& access_;
  ServerRpcInfo& call_;
  const std::string_view rpc_;
  std::optional<Sight> sight_;
  std::unique_ptr<google::protobuf::Message> copy_;  // until gRPC has written it
};

class Factory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  Factory(const Masking& masking, Access& access) : masking_(masking), access_(access) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* call) override {
    const std::string_view method = call->method();
    if (!method.starts_with(kPackage)) return nullptr;  // health and reflection
    const std::string_view rpc = method.substr(kPackage.size());
    // Checks, above all: nothing stands in their way.
    const security::RpcRule* rule = security::FindRpc(rpc);
    if (rule != nullptr && security::AllSeeSensitive(*rule)) return nullptr;
    return new MaskingInterceptor(masking_, access_, *call, rpc);
  }

 private:
  const Masking& masking_;
  Access& access_;
};

}  // namespace

std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
MaskingInterceptors(const Masking& masking, Access& access) {
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> made;
  if (access.asks()) made.push_back(std::make_unique<Factory>(masking, access));
  return made;
}

}  // namespace fundgate::gate
