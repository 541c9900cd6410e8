// Carries out the run that the gate ordered: has tables read, tells their rows, has the gate sweep.
#ifndef SERVER_SIDECAR_SNAPSHOT_RUNNER_H_
#define SERVER_SIDECAR_SNAPSHOT_RUNNER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "fundgate/v1/ingest.pb.h"
#include "server/sidecar/feed/transaction.h"
#include "server/sidecar/log.h"
#include "server/sidecar/mapping/row_mapper.h"
#include "server/sidecar/table_chunk.h"

namespace fundgate::sidecar {

struct SnapshotOptions {
  uint64_t rows_per_second = 20'000;  // at most; 0: as fast as may be
  size_t events_of_step = 9000;       // and bytes; a row may exceed them by what it says
  size_t bytes_of_step = 1 << 20;
  std::string spill_folder = "/tmp";
};

// Where its steps go, and how far the gate has them.
struct SnapshotSink {
  std::function<absl::Status(feed::Transaction step)> push;
  std::function<uint64_t()> acknowledged_steps;  // of those that were pushed
  std::function<bool()> is_over;                 // the gate wants the run no more
};

// Tables are read in chunks that take the server about kChunkTime and memory of about kMaxBytes, at
// most a few of which wait for the gate. Used by the thread that reads the source.
class SnapshotRunner final : public TableReading {
 public:
  // All but the sink are the caller's and must live longer. `now` tells the steady time.
  SnapshotRunner(v1::SnapshotOrder order, mapping::RowMapper& mapper, SnapshotOptions options,
                 const Log& log, std::function<absl::Time()> now);

  void set_sink(SnapshotSink sink) { sink_ = std::move(sink); }

  std::optional<TableTask> Next() override;
  absl::Status Take(const TableTask& task, const TableChunk& chunk) override;
  absl::Status GiveUp(const TableTask& task, const absl::Status& why) override;

 private:
  static constexpr uint64_t kStepsUnderWay = 4;
  static constexpr uint64_t kSweepsUnderWay = 8;
  static constexpr size_t kMinRows = 100;
  static constexpr size_t kMaxRows = 5000;
  static constexpr size_t kMaxBytes = 4 << 20;  // of a chunk; a row may exceed them by what it has
  static constexpr absl::Duration kChunkTime = absl::Milliseconds(50);
  static constexpr absl::Duration kTellEvery = absl::Seconds(5);

  struct Step {
    v1::SnapshotStep said;
    std::vector<v1::Event> events;
    size_t bytes = 0;
  };

  uint64_t StepsUnderWay() const { return pushed_ - sink_.acknowledged_steps(); }
  size_t RowsOfChunk() const;
  Step NewStep(const TableTask& task, const TableChunk& chunk) const;
  absl::Status Map(const TableTask& task, const TableChunk& chunk, size_t row, Step& step);
  absl::Status Push(Step step);
  void Sweep();
  void TellProgress(const TableTask& task, const TableChunk& chunk);

  v1::SnapshotOrder order_;  // its first table is the one being read
  mapping::RowMapper& mapper_;
  const SnapshotOptions options_;
  const Log& log_;
  const std::function<absl::Time()> now_;
  SnapshotSink sink_;

  uint64_t pushed_ = 0;                    // steps
  bool given_up_ = false;                  // or over
  absl::Time asked_at_;                    // for the chunk that is being read
  absl::Time due_ = absl::InfinitePast();  // the next chunk, by the load that is allowed
  size_t rows_ = 1000;                     // of a chunk that takes kChunkTime
  uint64_t expected_rows_ = 0;             // of the table
  absl::Time told_at_ = absl::InfinitePast();
  uint64_t told_rows_ = 0;
};

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_SNAPSHOT_RUNNER_H_
