// Follows one source and feeds the gate with what happened there, through lost connections.
#ifndef SERVER_SIDECAR_SIDECAR_H_
#define SERVER_SIDECAR_SIDECAR_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "fundgate/v1/ingest.grpc.pb.h"
#include "fundgate/v1/policies.grpc.pb.h"
#include "grpcpp/channel.h"
#include "server/sidecar/feed/counters.h"
#include "server/sidecar/log.h"
#include "server/sidecar/schema/history.h"
#include "server/sidecar/session.h"

namespace fundgate::sidecar {

// Why it ended.
enum class End : uint8_t {
  kStopped,  // it was told to; the gate has everything that was read
  kFailed,   // something must be set right first; the log says what
  kFenced,   // another sidecar feeds the source: this one gave way and must not come back by itself
  kLost,     // the source doesn't have what the gate needs next any more
};

// Keeps nothing on disk: where to go on is what the gate has.
//
// Thread safety: Run once, from one thread; Stop from any.
class Sidecar {
 public:
  Sidecar(Settings settings, Log log);

  // Runs until Stop, or until it can't go on. A connection that is lost is made again, after a
  // while that gets longer up to some seconds; then everything that the gate hadn't acknowledged is
  // read again. The reason of an end is logged as an ERROR.
  End Run();

  // Ends it: what was read is sent, and acknowledged, at most for some seconds.
  void Stop();

  const feed::Counters& counters() const { return counters_; }

 private:
  // Nothing: begin another session.
  std::optional<End> After(const SessionEnd& end);
  void TellLoss(const SessionEnd& end);
  void Wait(absl::Duration length);

  const Settings settings_;
  const Log log_;
  std::unique_ptr<v1::Ingest::Stub> ingest_;
  std::unique_ptr<v1::Policies::Stub> policies_;
  feed::Counters counters_;
  std::string server_uid_;
  bool must_begin_anew_ = false;
  bool gives_up_prepared_ = false;
  schema::History schema_;
  Damage damage_;
  absl::Status told_;  // the newest loss that was logged

  std::mutex mutex_;  // over all below
  std::condition_variable changed_;
  bool stopping_ = false;
  Session* session_ = nullptr;  // the present one
};

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_SIDECAR_H_
