#include "server/sequencer/group.h"

#include "server/sequencer/failure.h"

namespace fundgate::sequencer {

void Group::Fail(const absl::Status& failure) {
  for (Answered& one : answered) {
    if (one.error.ok()) one.error = OwnCopy(failure);
  }
  number = 0;
  accepts_time = false;
}

}  // namespace fundgate::sequencer
