// What Fundgate is compared with: the same decision, made by a server that many run anyway.
#ifndef TESTS_BENCH_LOAD_PEER_H_
#define TESTS_BENCH_LOAD_PEER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/bench/load/movements.h"
#include "tests/bench/load/plan.h"

namespace fundgate::bench {

// One connection, with one question at a time. For one thread.
class Peer {
 public:
  virtual ~Peer() = default;

  // What becomes readable when the server has sent something.
  virtual int descriptor() const = 0;

  // Sends the question. The one before must be answered.
  virtual absl::Status Ask(const Movement& movement) = 0;

  // Whether asking has read some of the answer already: what was read makes nothing readable.
  virtual bool HasReadAhead() const { return false; }

  // Reads what is there: the answer ("ALLOW", ...), or nothing while it isn't whole.
  virtual absl::StatusOr<std::string> Hear() = 0;
};

using Connector =
    std::function<absl::StatusOr<std::unique_ptr<Peer>>(const std::string& host, uint16_t port)>;

// The script, the function or the procedure must be there; see the files beside this one.
absl::StatusOr<std::unique_ptr<Peer>> ConnectRedis(const std::string& host, uint16_t port);
absl::StatusOr<std::unique_ptr<Peer>> ConnectPostgres(const std::string& host, uint16_t port);
absl::StatusOr<std::unique_ptr<Peer>> ConnectMariadb(const std::string& host, uint16_t port);

// The same loops as over gRPC, over so many connections on one thread. In an open loop what finds
// no free connection waits for one, which counts.
Result LoadPeer(const Plan& plan, const Connector& connect);

}  // namespace fundgate::bench

#endif  // TESTS_BENCH_LOAD_PEER_H_
