#include "server/policy/row_fields.h"

#include <algorithm>
#include <optional>

#include "server/policy/effects.h"

namespace fundgate::policy {
namespace {

bool TouchesOrders(const v1::Document& document, const v1::Movement& movement) {
  return std::any_of(movement.effects().begin(), movement.effects().end(),
                     [&](const std::string& text) {
                       const std::optional<EffectText> effect = ParseEffect(text);
                       if (!effect.has_value()) return false;
                       const auto book = document.books().find(effect->book);
                       return book != document.books().end() && IsByOrder(book->second);
                     });
}

}  // namespace

RowFields RowFieldsOf(const v1::Document& document, const v1::Movement& movement) {
  RowFields fields;
  fields.required = {"account_id", "amount", "idempotency_key"};
  const bool by_order = TouchesOrders(document, movement);
  if (by_order) fields.required.push_back("order_id");
  for (const std::string& part : PartNames(movement)) fields.required.push_back("parts." + part);
  fields.all = fields.required;
  if (!by_order) fields.all.push_back("order_id");
  if (!movement.parts().empty()) fields.all.push_back("part_key");
  return fields;
}

}  // namespace fundgate::policy
