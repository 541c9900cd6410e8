// A collector of OpenTelemetry that remembers what it was told.
#ifndef TESTS_END_TO_END_SPAN_COLLECTOR_H_
#define TESTS_END_TO_END_SPAN_COLLECTOR_H_

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"

namespace fundgate::end_to_end {

class SpanCollector final
    : public opentelemetry::proto::collector::trace::v1::TraceService::Service {
 public:
  using Span = opentelemetry::proto::trace::v1::Span;

  ~SpanCollector() override { Stop(); }

  // On the same port each time. What it was told before it was stopped it knows.
  void Start();
  void Stop();
  std::string url() const;

  // Of each request from now on it says so, in the words of later versions of the protocol.
  void Refuse(int64_t spans, const std::string& why);

  // Waits until these decisions have arrived.
  void Await(const std::set<std::string>& decisions);
  // Waits until it knows so many.
  void AwaitCount(size_t decisions);

  int requests() const;
  // By decision, as it came first.
  std::map<std::string, Span> spans() const;
  // In the order of their first arrival.
  std::vector<std::string> order() const;

 private:
  grpc::Status Export(
      grpc::ServerContext* context,
      const opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest* request,
      opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse* response) override;
  void Remember(const Span& span);

  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  mutable std::mutex mutex_;  // over all below
  std::condition_variable arrived_;
  int64_t refused_ = 0;
  std::string why_;
  int requests_ = 0;
  std::map<std::string, Span> spans_;
  std::vector<std::string> order_;
};

}  // namespace fundgate::end_to_end

#endif  // TESTS_END_TO_END_SPAN_COLLECTOR_H_
