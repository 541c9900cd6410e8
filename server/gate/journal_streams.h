// Streams that read the journal: an export of its records, and a check of its chain. Both read in
// slices on the workers' threads, and only as fast as their caller reads.
#ifndef SERVER_GATE_JOURNAL_STREAMS_H_
#define SERVER_GATE_JOURNAL_STREAMS_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <vector>

#include "fundgate/types/ids.h"
#include "fundgate/v1/audit.pb.h"
#include "server/gate/backend.h"
#include "server/gate/masking.h"
#include "server/sequencer/mutex.h"

namespace fundgate::gate {

class TraceExport;

// The exports that go on with new records. Any thread.
class JournalFollowers {
 public:
  void Add(std::weak_ptr<TraceExport> follower);

  // Tells them that the journal has grown up to `newest`.
  void Grown(Sequence newest);

 private:
  sequencer::Mutex mutex_;
  std::vector<std::weak_ptr<TraceExport>> followers_ FUNDGATE_GUARDED_BY(mutex_);
};

// Filters are asked of what somebody of that sight sees.
grpc::ServerWriteReactor<v1::Trace>* OpenTraceExport(const Backend& backend, Sight sight,
                                                     JournalFollowers& followers,
                                                     const v1::ExportTracesRequest& request);

grpc::ServerWriteReactor<v1::VerifyJournalResponse>* OpenJournalCheck(
    const Backend& backend, const v1::VerifyJournalRequest& request);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_JOURNAL_STREAMS_H_
