#include "tests/end_to_end/span_collector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "google/protobuf/unknown_field_set.h"

namespace fundgate::end_to_end {
namespace {

std::string DecisionOf(const SpanCollector::Span& span) {
  for (const auto& attribute : span.attributes()) {
    if (attribute.key() == "fundgate.decision_id") return attribute.value().string_value();
  }
  return "";
}

}  // namespace

void SpanCollector::Start() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(absl::StrCat("127.0.0.1:", port_), grpc::InsecureServerCredentials(),
                           &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  ASSERT_NE(server_, nullptr);
}

void SpanCollector::Stop() {
  if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
  server_.reset();
}

std::string SpanCollector::url() const { return absl::StrCat("http://127.0.0.1:", port_); }

void SpanCollector::Refuse(int64_t spans, const std::string& why) {
  const std::lock_guard<std::mutex> lock(mutex_);
  refused_ = spans;
  why_ = why;
}

void SpanCollector::Await(const std::set<std::string>& decisions) {
  std::unique_lock<std::mutex> lock(mutex_);
  arrived_.wait(lock, [&] {
    return std::all_of(decisions.begin(), decisions.end(),
                       [this](const std::string& id) { return spans_.contains(id); });
  });
}

void SpanCollector::AwaitCount(size_t decisions) {
  std::unique_lock<std::mutex> lock(mutex_);
  arrived_.wait(lock, [&] { return spans_.size() >= decisions; });
}

int SpanCollector::requests() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return requests_;
}

std::map<std::string, SpanCollector::Span> SpanCollector::spans() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return spans_;
}

std::vector<std::string> SpanCollector::order() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return order_;
}

grpc::Status SpanCollector::Export(
    grpc::ServerContext* /*context*/,
    const opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest* request,
    opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse* response) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++requests_;
  if (refused_ > 0 || !why_.empty()) {
    google::protobuf::UnknownFieldSet partial;
    partial.AddVarint(1, static_cast<uint64_t>(refused_));
    partial.AddLengthDelimited(2, why_);
    partial.SerializeToString(
        response->GetReflection()->MutableUnknownFields(response)->AddLengthDelimited(1));
  }
  for (const auto& resource : request->resource_spans()) {
    for (const auto& scope : resource.scope_spans()) {
      for (const Span& span : scope.spans()) Remember(span);
    }
  }
  arrived_.notify_all();
  return grpc::Status::OK;
}

void SpanCollector::Remember(const Span& span) {
  const std::string id = DecisionOf(span);
  const auto [known, is_new] = spans_.emplace(id, span);
  if (is_new) order_.push_back(id);
  // Sent again it is the same span.
  EXPECT_EQ(known->second.SerializeAsString(), span.SerializeAsString());
}

}  // namespace fundgate::end_to_end
