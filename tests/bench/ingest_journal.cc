#include "tests/bench/ingest_journal.h"

#include <cstdlib>
#include <iostream>

#include "absl/strings/numbers.h"

namespace fundgate::end_to_end {

uint64_t SequenceOf(std::string_view position) {
  const std::string_view newest = position.substr(0, position.find(','));
  uint64_t sequence = 0;
  const std::string digits(newest.substr(newest.rfind('-') + 1));
  if (!absl::SimpleAtoi(digits, &sequence)) return 0;  // before the first
  return sequence;
}

IngestJournal::IngestJournal(const std::string& gate)
    : audit_(v1::Audit::NewStub(grpc::CreateChannel(gate, grpc::InsecureChannelCredentials()))) {
  v1::ExportTracesRequest request;
  request.set_follow(true);
  request.mutable_filter()->add_kinds(v1::TRACE_KIND_INGEST);
  stream_ = audit_->ExportTraces(&context_, request);
}

std::vector<Sighting> IngestJournal::FollowTo(uint64_t sequence) {
  std::vector<Sighting> seen;
  v1::Trace trace;
  while (stream_->Read(&trace)) {
    seen.push_back({SequenceOf(trace.ingest().position()), std::chrono::steady_clock::now()});
    if (seen.back().sequence >= sequence) return seen;
  }
  std::cerr << "the gate ended the trace: " << stream_->Finish().error_message() << "\n";
  std::exit(1);
}

}  // namespace fundgate::end_to_end
