// JSON as it is written: numbers keep their digits.
#ifndef SERVER_SIDECAR_ENVELOPE_JSON_H_
#define SERVER_SIDECAR_ENVELOPE_JSON_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace fundgate::envelope {

// One value. Owns all below it.
struct Json {
  enum class Kind : uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  bool boolean = false;
  std::string text;         // of a string its UTF-8; of a number its text, as it was written
  std::vector<Json> items;  // of an array; of an object the values, in the order of `names`
  std::vector<std::string> names;

  bool is(Kind wanted) const { return kind == wanted; }

  // The member of an object; null if there is none, or it is no object.
  const Json* Find(std::string_view name) const;
  // The member's text if it is a string, else empty.
  std::string_view TextOf(std::string_view name) const;
  // The member as a whole number; 0 if it is none.
  int64_t WholeOf(std::string_view name) const;
};

// Levels of arrays and objects in each other.
inline constexpr size_t kMaxDepth = 64;
// Members of one object.
inline constexpr size_t kMaxMembers = 4096;

// One whole document in UTF-8. INVALID_ARGUMENT with the place and the reason if it is none, is
// nested deeper than kMaxDepth, has an object of more than kMaxMembers, or says a member of one
// object twice: nobody knows which counts.
absl::StatusOr<Json> ParseJson(std::string_view text);

}  // namespace fundgate::envelope

#endif  // SERVER_SIDECAR_ENVELOPE_JSON_H_
