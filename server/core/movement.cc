#include "server/core/movement.h"

#include "absl/strings/str_cat.h"

namespace fundgate::core {
namespace {

struct AsText {
  std::string operator()(const std::string& text) const { return text; }
  std::string operator()(int64_t number) const { return absl::StrCat(number); }
  std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  std::string operator()(const Money& money) const { return money.ToString(); }
};

}  // namespace

std::string ToString(const AttributeValue& value) { return std::visit(AsText(), value); }

}  // namespace fundgate::core
