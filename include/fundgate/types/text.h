// Between the two string views: Debian's abseil has a string_view type of its own, our interfaces
// use the standard one and convert at the call.
#ifndef FUNDGATE_TYPES_TEXT_H_
#define FUNDGATE_TYPES_TEXT_H_

#include <string_view>

#include "absl/strings/string_view.h"

namespace fundgate {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

}  // namespace fundgate

#endif  // FUNDGATE_TYPES_TEXT_H_
