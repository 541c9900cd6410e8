// The name of a decision.
#ifndef SERVER_CORE_DECISION_ID_H_
#define SERVER_CORE_DECISION_ID_H_

#include <array>
#include <cstddef>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "fundgate/types/ids.h"

namespace fundgate::core {

// Names a decision by the journal record that it stands in. Everybody else sees the text: "d" and
// the journal's sequence as 16 hexadecimal digits. Within the core it is the number, which costs
// nothing to copy.
class DecisionId {
 public:
  static constexpr size_t kTextSize = 17;

  DecisionId() = default;  // of no decision: its text is empty
  explicit DecisionId(Sequence sequence) : sequence_(sequence) {}

  // The id whose text this is; nothing for any other text, an empty one too.
  static std::optional<DecisionId> Parse(std::string_view text);

  Sequence sequence() const { return sequence_; }
  bool empty() const { return sequence_ == 0; }
  std::string ToString() const;
  // The text of one that isn't empty, in no memory of its own.
  std::array<char, kTextSize> Text() const;
  operator std::string() const { return ToString(); }  // NOLINT: the text wherever text is wanted

  friend bool operator==(const DecisionId&, const DecisionId&) = default;
  friend bool operator==(const DecisionId& id, std::string_view text) {
    return id.ToString() == text;
  }
  friend std::ostream& operator<<(std::ostream& out, const DecisionId& id) {
    return out << id.ToString();
  }

 private:
  Sequence sequence_ = 0;
};

// The sequence in the text of an id; nothing for any other text.
std::optional<Sequence> SequenceOfDecision(std::string_view decision_id);

}  // namespace fundgate::core

#endif  // SERVER_CORE_DECISION_ID_H_
