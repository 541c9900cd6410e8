#include "server/policy/effects.h"

#include <algorithm>

namespace fundgate::policy {
namespace {

// Skips blanks from `at` on.
size_t SkipBlanks(std::string_view text, size_t at) {
  while (at < text.size() && text[at] == ' ') ++at;
  return at;
}

// The name beginning at `at`, moving `at` behind it.
std::string TakeName(std::string_view text, size_t& at) {
  const size_t begin = at;
  while (at < text.size() && text[at] != '.' && text[at] != ':' && text[at] != ' ') ++at;
  return std::string(text.substr(begin, at - begin));
}

}  // namespace

std::optional<EffectText> ParseEffect(std::string_view text) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  EffectText effect;
  effect.sign = text[0] == '+' ? 1 : -1;
  size_t at = SkipBlanks(text, 1);
  effect.book_offset = at;
  effect.book = TakeName(text, at);
  if (effect.book.empty() || at >= text.size() || text[at] != '.') return std::nullopt;
  effect.counter_offset = ++at;
  effect.counter = TakeName(text, at);
  if (effect.counter.empty()) return std::nullopt;
  at = SkipBlanks(text, at);
  if (at == text.size()) return effect;
  if (text[at] != ':') return std::nullopt;
  at = SkipBlanks(text, at + 1);
  effect.amount_offset = at;
  effect.amount = TakeName(text, at);
  if (effect.amount.empty() || SkipBlanks(text, at) != text.size()) return std::nullopt;
  return effect;
}

std::string TotalName(const v1::Movement& movement) {
  return movement.parts().empty() ? "" : movement.parts().begin()->first;
}

std::vector<std::string> PartNames(const v1::Movement& movement) {
  if (movement.parts().empty()) return {};
  const auto& values = movement.parts().begin()->second.values();
  std::vector<std::string> names(values.begin(), values.end());
  std::sort(names.begin(), names.end());
  return names;
}

bool IsByOrder(const v1::Book& book) { return book.key_size() > 1; }

}  // namespace fundgate::policy
