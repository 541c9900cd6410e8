#include "otlp/collector.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "connection/guarded_file.h"
#include "connection/host_port.h"
#include "fundgate/types/status_macros.h"
#include "google/protobuf/unknown_field_set.h"

namespace fundgate::otlp {
namespace {

using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

// The numbers of ExportTraceServiceResponse.partial_success, and of its own fields.
constexpr int kPartialSuccess = 1;
constexpr int kRejectedSpans = 1;
constexpr int kErrorMessage = 2;

constexpr size_t kMessageBytesMax = 1024;

void ReadInto(const UnknownFieldSet& fields, size_t sent, PartialSuccess& partial) {
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    if (field.number() == kRejectedSpans && field.type() == UnknownField::TYPE_VARINT) {
      const auto rejected = static_cast<int64_t>(field.varint());
      partial.rejected_spans = std::min<uint64_t>(rejected > 0 ? rejected : 0, sent);
    } else if (field.number() == kErrorMessage &&
               field.type() == UnknownField::TYPE_LENGTH_DELIMITED) {
      partial.message = field.length_delimited().substr(0, kMessageBytesMax);
    }
  }
}

}  // namespace

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

// By numbers: the protos that are compiled are older than the field, so that it is unknown to them.
PartialSuccess ReadPartialSuccess(
    const opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse& response,
    size_t sent) {
  PartialSuccess partial;
  UnknownFieldSet answer;
  if (!answer.ParseFromString(response.SerializeAsString())) return partial;
  for (int i = 0; i < answer.field_count(); ++i) {
    const UnknownField& field = answer.field(i);
    UnknownFieldSet inner;
    if (field.number() == kPartialSuccess && field.type() == UnknownField::TYPE_LENGTH_DELIMITED &&
        inner.ParseFromString(field.length_delimited())) {
      ReadInto(inner, sent, partial);
    }
  }
  return partial;
}

}  // namespace fundgate::otlp
