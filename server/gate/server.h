// The gate as one object: store, sequencer and gRPC services over one directory and one address.
#ifndef SERVER_GATE_SERVER_H_
#define SERVER_GATE_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "server/gate/masking.h"
#include "server/gate/outbox_access.h"
#include "server/log/log.h"
#include "server/metrics/metric.h"
#include "server/security/settings.h"
#include "server/sequencer/input_clock.h"
#include "server/sequencer/sequencer.h"
#include "server/store/store.h"

namespace fundgate::gate {

struct ServerSettings {
  // ---- Behaviour ----

  // HOST:PORT to listen on. Port 0: any free one. Only this machine's own addresses are taken,
  // unless `security` keeps strangers out or `insecure_listen` says that the network does.
  std::string listen = "127.0.0.1:7443";
  bool insecure_listen = false;
  security::Settings security;
  // The store's folder; created if missing.
  std::string data_directory;
  store::Durability durability = store::Durability::kSync;
  // The text of a policy to be applied if the store has none yet; empty for none. `policy_file` is
  // the name in messages about it.
  std::string first_policy;
  std::string policy_file;
  // What the store was put back to, and why, where nothing in its folder tells: a copy of an older
  // state, or a journal whose tail was lost. Empty: it wasn't. See restoration.h.
  std::string restored;
  // Whether checks that were not allowed are written to the log, see decision_log.h.
  bool logs_decisions = true;
  // Looks at what was recovered, before anybody can ask; an error keeps the gate from serving.
  // Empty: nobody looks.
  std::function<absl::Status(const store::View& recovered)> inspect;
  // How long a drain goes on taking calls only to answer them with UNAVAILABLE. What was on its way
  // when the drain began is answered so; a call that meets a closed server is merely cancelled.
  absl::Duration drain_notice = absl::Milliseconds(200);
  // How long a drain waits for calls under way before it cancels them.
  absl::Duration drain_limit = absl::Seconds(10);

  // ---- Resources ----

  size_t max_message_bytes = size_t{8} << 20;  // one more byte is RESOURCE_EXHAUSTED
  int max_streams_per_connection = 1024;       // calls of one connection at once; others wait
  size_t max_check_streams = 4096;             // open at once; one more is refused
  size_t max_grpc_bytes = size_t{512} << 20;   // gRPC's own memory; past it calls are refused
  size_t worker_threads = 2;                   // for exports and policies
  size_t worker_queue = 256;                   // readings that may wait for them
  // Of the store, for what was read and what is to be written; see store::Options::ShareMemory.
  uint64_t store_memory_bytes = uint64_t{384} << 20;
  sequencer::Options sequencer;
  sequencer::TimeSources time = sequencer::TimeSources::System();
};

// Serves from Start to Shutdown. Any thread.
class Server {
 public:
  // Recovers the store, applies the first policy if there is none, and listens. Health says SERVING
  // once there is a policy, and of "fundgate.ready" once every source that it needs was fresh.
  // INVALID_ARGUMENT for settings that can't be, and for a first policy that can't be read or fails
  // its own tests; else what store::Store::Open and sequencer::Sequencer::Start say; UNAVAILABLE if
  // the address can't be listened on.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerSettings& settings,
                                                       logging::Log log);

  virtual ~Server() = default;

  // Where it listens: the host as set, with the port that was taken.
  virtual std::string address() const = 0;
  virtual int port() const = 0;
  virtual uint64_t policy_version() const = 0;
  // For whoever delivers alerts; not after Shutdown.
  virtual OutboxAccess& outbox() = 0;
  virtual Sequence sequence() const = 0;
  // Of its sequencer. Any thread, but not after Shutdown.
  virtual sequencer::Statistics statistics() const = 0;
  // For whoever carries the journal outward; not after Shutdown.
  virtual const store::Store& store() const = 0;
  // What of it outsiders may see; not after Shutdown.
  virtual const Masking& masking() const = 0;

  // Drops records of the journal that are older than `keep`, by the gate's time; see
  // store::Store::CutJournal, whose options these are but for their times. One thread, and not
  // after Shutdown. FAILED_PRECONDITION while the clock is in doubt.
  virtual absl::StatusOr<store::CutReport> CutJournal(absl::Duration keep,
                                                      store::CutOptions options) = 0;

  // What it tells of itself, as it is now. Any thread, but not after Shutdown.
  virtual std::vector<metrics::Family> ReadMetrics() const = 0;

  // Drains: health says NOT_SERVING, streams are ended and new calls refused with UNAVAILABLE,
  // calls under way are answered (or cancelled after the drain's limit), everything is synced and
  // the store is closed. A second call does nothing; the destructor calls it.
  virtual void Shutdown() = 0;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_SERVER_H_
