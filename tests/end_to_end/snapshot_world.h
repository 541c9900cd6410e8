// A database whose tables are read anew, while business goes on.
#ifndef TESTS_END_TO_END_SNAPSHOT_WORLD_H_
#define TESTS_END_TO_END_SNAPSHOT_WORLD_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "fundgate/v1/sources.grpc.pb.h"
#include "tests/end_to_end/sidecar_world.h"

namespace fundgate::end_to_end {

// What the source's user needs on MariaDB.
inline constexpr char kMayRead[] = "GRANT SELECT ON pay.* TO fundgate@'127.0.0.1'";

// The worked example with every table that its policy maps.
WorldSettings AllTables();

// The same; the source begins with what they hold.
WorldSettings BeginningWithSnapshot();

class SnapshotWorld : public SidecarWorld {
 public:
  explicit SnapshotWorld(const WorldSettings& settings = AllTables());

  // Asks for a run.
  v1::Snapshot Want(std::vector<std::string> tables = {}, bool begin_anew = false,
                    bool history = false);

  v1::Snapshot AwaitRun(v1::SnapshotState state);

  // Payments are what the table says, order by order.
  void ExpectTruth(int orders);

  // Payments with these numbers, one statement for all.
  void WritePayments(int from, int to, int orders);

 private:
  const bool is_mysql_;
};

// Writes, changes and deletes payments until it is stopped; p1 to p4000 are there before. Each has
// a number of its own.
class Business {
 public:
  Business(const SidecarWorld& world, uint16_t port, int orders, int number = 0);
  ~Business() { Stop(); }

  void Stop();

 private:
  void Run(uint16_t port, int orders, int number);

  const bool is_mysql_;
  std::atomic<bool> stopped_ = false;
  std::thread thread_;
};

}  // namespace fundgate::end_to_end

#endif  // TESTS_END_TO_END_SNAPSHOT_WORLD_H_
