// One anchor as text: what is signed, and a line of a file.
#ifndef ANCHOR_ANCHOR_H_
#define ANCHOR_ANCHOR_H_

#include <string>

#include "absl/status/statusor.h"
#include "fundgate/v1/audit.pb.h"

namespace fundgate::anchor {

// The bytes that the signature is over: five lines, each ended by a line feed.
//   fundgate journal anchor 1
//   journal: <64 hexadecimal digits>
//   sequence: <decimal>
//   hash: <64 hexadecimal digits>
//   time: <nanoseconds since 1970, decimal>
std::string SignedText(const v1::JournalAnchor& anchor);

// The message as JSON in one line, without its end. What it can't say is INTERNAL.
absl::StatusOr<std::string> ToLine(const v1::JournalAnchor& anchor);

// INVALID_ARGUMENT for a line that is no anchor, or whose hashes and signature aren't of their
// size.
absl::StatusOr<v1::JournalAnchor> FromLine(const std::string& line);

}  // namespace fundgate::anchor

#endif  // ANCHOR_ANCHOR_H_
