// What a check is answered.
#ifndef SERVER_CORE_VERDICT_H_
#define SERVER_CORE_VERDICT_H_

#include <cstdint>

namespace fundgate::core {

// Ordered by severity: the severest of all reasons wins.
enum class Verdict : uint8_t { kAllow = 1, kHold = 2, kBlock = 3 };

}  // namespace fundgate::core

#endif  // SERVER_CORE_VERDICT_H_
