#include "otlp/collector.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "connection/guarded_file.h"
#include "connection/host_port.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::otlp {

absl::StatusOr<CollectorAddress> CollectorAddress::Parse(const std::string& url) {
  CollectorAddress address;
  absl::string_view rest = url;
  address.encrypted = absl::ConsumePrefix(&rest, "https://");
  if (!address.encrypted && !absl::ConsumePrefix(&rest, "http://")) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", url, "\": http://HOST:PORT or https://HOST:PORT was expected"));
  }
  (void)absl::ConsumeSuffix(&rest, "/");
  address.host_port = std::string(rest);
  FUNDGATE_ASSIGN_OR_RETURN(const connection::HostPort parsed,
                            connection::HostPort::Parse(address.host_port));
  if (!address.encrypted && !parsed.IsLoopback()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", url, "\": decisions are not sent unencrypted to another machine; use https://"));
  }
  return address;
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const CollectorAddress& address,
                                                       const std::string& ca_file) {
  grpc::ChannelArguments arguments;
  // A collector that comes back is found soon.
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  if (!address.encrypted) {
    return grpc::CreateCustomChannel(address.host_port, grpc::InsecureChannelCredentials(),
                                     arguments);
  }
  grpc::SslCredentialsOptions tls;
  if (!ca_file.empty()) {
    FUNDGATE_ASSIGN_OR_RETURN(
        tls.pem_root_certs, connection::ReadGuardedFile(ca_file, connection::Readers::kEverybody));
  }
  return grpc::CreateCustomChannel(address.host_port, grpc::SslCredentials(tls), arguments);
}

SpanRequest::SpanRequest(const std::string& version) {
  auto& resource = *message_.add_resource_spans();
  const auto describe = [&resource](const char* name, const std::string& value) {
    auto& attribute = *resource.mutable_resource()->add_attributes();
    attribute.set_key(name);
    attribute.mutable_value()->set_string_value(value);
  };
  describe("service.name", "fundgated");
  describe("service.version", version);
  resource.add_scope_spans()->mutable_scope()->set_name("fundgate");
}

void SpanRequest::Add(opentelemetry::proto::trace::v1::Span span) {
  *message_.mutable_resource_spans(0)->mutable_scope_spans(0)->add_spans() = std::move(span);
}

size_t SpanRequest::size() const {
  return static_cast<size_t>(message_.resource_spans(0).scope_spans(0).spans_size());
}

}  // namespace fundgate::otlp
