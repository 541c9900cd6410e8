// What of a stream was told before, where it had to be read again from further back. No I/O.
#ifndef SERVER_SIDECAR_FEED_READ_AGAIN_H_
#define SERVER_SIDECAR_FEED_READ_AGAIN_H_

#include <set>
#include <string>

#include "server/sidecar/feed/source_position.h"

namespace fundgate::feed {

// A session that goes on at a position with prepared transactions reads from
// SourcePosition::ReadFrom(). What comes up to the position itself was told by an earlier one.
class ReadAgain {
 public:
  explicit ReadAgain(const SourcePosition& position);

  // Whether this step, which comes now, was told before. Streams that are read from where they are
  // have none: a step that lies before the position there is a number that runs backwards.
  bool Takes(const Step& step);

  // Everything that comes from now on is new.
  bool is_over() const { return streams_.empty(); }

 private:
  const SourcePosition position_;
  std::set<std::string> streams_;  // that are read again and haven't reached the position
};

}  // namespace fundgate::feed

#endif  // SERVER_SIDECAR_FEED_READ_AGAIN_H_
