// What really happened: a source's tables with all their history, and the log that a feeder reads.
#ifndef TESTS_SIMULATION_DATABASE_H_
#define TESTS_SIMULATION_DATABASE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/core/events.h"

namespace fundgate::simulation {

// A row says this from that moment on.
struct RowImage {
  absl::Time since;                        // true time
  std::optional<core::Contribution> says;  // nothing: it is not there
};

struct Row {
  MovementKind kind;
  std::vector<RowImage> images;  // oldest first, at least one

  const std::optional<core::Contribution>& now() const { return images.back().says; }
};

// One transaction of the log, at the position of its place in it, from 1.
struct Transaction {
  std::vector<core::Event> events;
};

// A database with one table a kind of movement. Committed is committed: it is never in doubt
// itself.
class Database {
 public:
  explicit Database(std::string name) : name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  const std::map<core::RowId, Row>& rows() const { return rows_; }
  const std::vector<Transaction>& log() const { return log_; }
  uint64_t head() const { return log_.size(); }

  // Between these two, changes are of one transaction; outside of them each is its own.
  void Begin() { ++open_; }
  void Commit();

  core::RowId Insert(absl::Time now, const MovementKind& kind, const core::Contribution& says);
  void Update(absl::Time now, const core::RowId& row, const core::Contribution& says);
  void Delete(absl::Time now, const core::RowId& row);

  // The row changed, but the log's event says only that something of this kind can't be read.
  void InsertUnreadable(absl::Time now, const MovementKind& kind, const core::Contribution& says);
  // Something that is no movement.
  void Note(const std::string& fact);

  // Another server takes over: it tells the newest `count` transactions again under other names.
  // From then on whoever reads it must say that coordinates changed.
  void FailOver(uint64_t count);
  // Its newest transaction comes a second time, as topics may deliver it.
  void TellAgain();
  // What is in the log by now is never told again: keys are only kept for so long.
  void ForgetLog() { told_for_good_ = log_.size(); }
  bool coordinates_changed() const { return coordinates_changed_; }

 private:
  void Log(core::Event event);
  void LogChange(const MovementKind& kind, const core::RowId& row,
                 const std::optional<core::Contribution>& before,
                 const std::optional<core::Contribution>& after);

  const std::string name_;
  std::map<core::RowId, Row> rows_;
  std::vector<Transaction> log_;
  Transaction at_hand_;
  int open_ = 0;
  uint64_t told_for_good_ = 0;
  uint64_t events_ = 0;
  uint64_t made_ = 0;
  bool coordinates_changed_ = false;
};

}  // namespace fundgate::simulation

#endif  // TESTS_SIMULATION_DATABASE_H_
