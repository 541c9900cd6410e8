// A gate's journal of batches of events, as a client that measures follows it.
#ifndef TESTS_BENCH_INGEST_JOURNAL_H_
#define TESTS_BENCH_INGEST_JOURNAL_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fundgate/v1/audit.grpc.pb.h"

namespace fundgate::end_to_end {

// A transaction of a MariaDB with one domain: its sequence, and when it was known somewhere.
struct Sighting {
  uint64_t sequence = 0;
  std::chrono::steady_clock::time_point at;
};

// The sequence of the newest transaction of a position that has one domain.
uint64_t SequenceOf(std::string_view position);

// Thread safety: none.
class IngestJournal {
 public:
  // Begins with the gate's oldest record.
  explicit IngestJournal(const std::string& gate);
  ~IngestJournal() { context_.TryCancel(); }
  IngestJournal(const IngestJournal&) = delete;
  IngestJournal& operator=(const IngestJournal&) = delete;

  // The batches that become durable until one covers this transaction. Ends the process if the gate
  // ends the stream.
  std::vector<Sighting> FollowTo(uint64_t sequence);

 private:
  const std::unique_ptr<v1::Audit::Stub> audit_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::Trace>> stream_;
};

}  // namespace fundgate::end_to_end

#endif  // TESTS_BENCH_INGEST_JOURNAL_H_
