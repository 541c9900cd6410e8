// What a session follows, whatever kind of source it is. A kind is a pair of files that implements
// this beside a folder of sources/, and a line in followers.cc.
#ifndef SERVER_SIDECAR_FOLLOWER_H_
#define SERVER_SIDECAR_FOLLOWER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/sidecar/binlog/transaction.h"
#include "server/sidecar/feed/source_position.h"
#include "server/sidecar/table_chunk.h"

namespace fundgate::sidecar {

// What to do after a session.
enum class Next : uint8_t {
  kRetry,   // a connection was lost: begin another one, after a while
  kReload,  // the policy or the position has changed: the same
  kFail,    // something must be set right by a person first
  kFenced,  // another sidecar feeds the source now
  kLost,    // the source doesn't have the position any more
};

struct Failure {
  Next next = Next::kRetry;
  absl::Status status;  // why
};

// One attempt at one source. Connect, then Start, then Read; ReadHead from another thread
// while Read runs.
//
// Thread safety: Interrupt from any thread once Start has returned.
class Follower {
 public:
  virtual ~Follower() = default;

  virtual feed::PositionForm position_form() const = 0;

  // Whether what was applied may come again without its old name: the gate then takes a row that
  // says what it knows already as redelivered.
  virtual bool may_repeat() const = 0;

  // Who wants tables to be read anew while Read runs; it lives longer. To be said before Start.
  // False if the source has no tables that can be read so.
  virtual bool SetTableReading(TableReading* /*reading*/) { return false; }

  // Nothing if it went well.
  virtual std::optional<Failure> Connect() = 0;

  // Opens what comes after feed::SourcePosition::ReadFrom() of the position, and tells the log that
  // it follows now.
  virtual std::optional<Failure> Start(const feed::SourcePosition& position, uint64_t epoch) = 0;

  // Tells the listener what comes, until it fails, the listener does, or Interrupt.
  virtual Failure Read(binlog::TransactionListener& listener) = 0;

  // Where the transaction that Read tells stands in the source.
  virtual absl::StatusOr<feed::Step> StepOf(const binlog::TransactionHead& head) const = 0;

  // What is committed now, as the text of a position; once Connect has gone well. DATA_LOSS and
  // FAILED_PRECONDITION say that Read must begin anew, see feed::Feeder.
  virtual absl::StatusOr<std::string> ReadHead() = 0;

  // Read and ReadHead end as soon as may be, now and later.
  virtual void Interrupt() = 0;
};

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_FOLLOWER_H_
