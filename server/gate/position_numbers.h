// How far a source's position has come, in numbers that can be told to Prometheus.
#ifndef SERVER_GATE_POSITION_NUMBERS_H_
#define SERVER_GATE_POSITION_NUMBERS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace fundgate::gate {

// The streams of a position with the last number that is read of each, the first `most` of them;
// see types/position.h.
std::vector<std::pair<std::string, uint64_t>> NumbersOf(const std::string& position, size_t most);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_POSITION_NUMBERS_H_
