// What is wrong with the fields of a request.
#ifndef SERVER_GATE_PROBLEMS_H_
#define SERVER_GATE_PROBLEMS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "server/core/preflight.h"

namespace fundgate::gate {

// Limits of texts in requests, in bytes. Those of checks are in server/core/preflight.h.
inline constexpr size_t kMaxReasonBytes = 1024;         // why somebody did something
inline constexpr size_t kMaxActorBytes = 128;           // who did it
inline constexpr size_t kMaxDocumentBytes = 1 << 20;    // of a policy
inline constexpr size_t kMaxFileNameBytes = 1024;       // of a policy's file
inline constexpr size_t kMaxPositionBytes = 65'536;     // of a source, as text
inline constexpr size_t kMaxCheckPositionBytes = 4096;  // of one entry of after_positions
inline constexpr size_t kMaxCheckSources = 16;          // entries of after_positions
inline constexpr size_t kMaxParts = 16;                 // of one line
inline constexpr size_t kMaxStatementBytes = 4096;      // of an event's origin
inline constexpr size_t kMaxMarks = 16;                 // of an event's origin
inline constexpr size_t kMaxMarkBytes = 1024;           // each
inline constexpr size_t kMaxGuardedColumns = 64;        // of one guarded change
inline constexpr size_t kMaxShownBytes = 256;           // of a guarded column's value
inline constexpr size_t kMaxFieldNameBytes = 64;        // of attributes, parts, kinds, facts

// Collects all problems of one request, so that its sender hears of them at once.
class Problems {
 public:
  // `field` as in the contract, "lines[2].amount"; `message` goes on after the field's name: "is
  // required".
  void Add(std::string field, std::string message) {
    found_.push_back({std::move(field), std::move(message)});
  }

  // Texts that must have `min` to `max` bytes.
  void Text(std::string field, std::string_view value, size_t min, size_t max) {
    if (value.empty() && min > 0) {
      Add(std::move(field), "is required");
    } else if (value.size() > max) {
      Add(std::move(field),
          absl::StrCat("is ", value.size(), " bytes long; at most ", max, " are allowed"));
    }
  }

  bool empty() const { return found_.empty(); }
  const std::vector<core::FieldProblem>& found() const { return found_; }

 private:
  std::vector<core::FieldProblem> found_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_PROBLEMS_H_
