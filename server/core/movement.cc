#include "server/core/movement.h"

#include <algorithm>

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

const int64_t* FindPart(const Line& line, const std::string& name) {
  const auto found = std::find_if(line.parts.begin(), line.parts.end(),
                                  [&name](const auto& part) { return part.first == name; });
  return found == line.parts.end() ? nullptr : &found->second;
}

std::string ToString(const AttributeValue& value) { return std::visit(AsText(), value); }

}  // namespace fundgate::core
