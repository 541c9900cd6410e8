#include "server/core/decision_id.h"

#include <cstddef>

namespace fundgate::core {
std::optional<DecisionId> DecisionId::Parse(std::string_view text) {
  if (text.size() != kTextSize || text.front() != 'd') return std::nullopt;
  Sequence sequence = 0;
  for (const char c : text.substr(1)) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'a' || c > 'f')) return std::nullopt;
    sequence = sequence << 4U | static_cast<Sequence>(digit ? c - '0' : c - 'a' + 10);
  }
  if (sequence == 0) return std::nullopt;  // that of no decision, which has no text
  return DecisionId(sequence);
}

std::string DecisionId::ToString() const {
  if (empty()) return {};
  const std::array<char, kTextSize> text = Text();
  return {text.data(), text.size()};
}

std::array<char, DecisionId::kTextSize> DecisionId::Text() const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<char, kTextSize> text{'d'};
  Sequence rest = sequence_;
  for (size_t i = kTextSize - 1; i > 0; --i, rest >>= 4U) text[i] = kDigits[rest & 0xFU];
  return text;
}

std::optional<Sequence> SequenceOfDecision(std::string_view decision_id) {
  const std::optional<DecisionId> id = DecisionId::Parse(decision_id);
  return id.has_value() ? std::optional(id->sequence()) : std::nullopt;
}

}  // namespace fundgate::core
