// Values of the core that are written as their text, whatever they are in memory.
#ifndef SERVER_STORE_TEXT_FIELDS_H_
#define SERVER_STORE_TEXT_FIELDS_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "server/core/decision_id.h"
#include "server/core/windows/window_name.h"
#include "server/store/codec.h"

// Fields() is found by the type of the record, so it lives in the core's namespace.
namespace fundgate::core {

template <typename A, typename R>
using F = store::FieldsOf<A, R>;

template <typename A>
void Fields(A& a, F<A, DecisionId>& r) {
  if constexpr (A::kWrites) {
    const auto text = r.Text();
    a(r.empty() ? std::string_view() : std::string_view(text.data(), text.size()));
  } else {
    std::string text;
    a(text);
    const std::optional<DecisionId> id = DecisionId::Parse(text);
    if (!text.empty() && !id.has_value()) a.Fail();
    r = id.value_or(DecisionId());
  }
}
template <typename A>
void Fields(A& a, F<A, WindowName>& r) {
  if constexpr (A::kWrites) {
    a(r.value());
  } else {
    std::string text;
    a(text);
    r = WindowName(std::move(text));
  }
}

}  // namespace fundgate::core

#endif  // SERVER_STORE_TEXT_FIELDS_H_
