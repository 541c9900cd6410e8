// What damaged binlogs must never do.
#ifndef TESTS_DECODER_DAMAGE_H_
#define TESTS_DECODER_DAMAGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/decoder/event_builder.h"

namespace fundgate::decoder_testing {

// The events of a binlog file that is not damaged. Empty if it can't be read.
std::vector<EventBytes> EventsOf(const std::string& path);

// Damages every event of a stream `rounds` times, with the same damage in every run, and reads the
// stream anew each time: bytes changed, bytes cut off. Fails the running test where damage that a
// CRC32 shows isn't an error naming the event's offset, or where damage under a right CRC32, or
// without any, reads past an event's end (which the sanitizers see) or ends the process.
void ExpectDamageDoesNoHarm(const std::vector<EventBytes>& events, int rounds);

}  // namespace fundgate::decoder_testing

#endif  // TESTS_DECODER_DAMAGE_H_
