#include "client/fundctl/command_tree.h"

#include "absl/strings/str_split.h"

namespace fundgate::fundctl {

std::vector<std::string> ChoicesOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t open = type.find('{');
  const size_t close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return {};
  return absl::StrSplit(type.substr(open + 1, close - open - 1), ',');
}

bool TakesValue(const CLI::Option& option) { return option.get_items_expected_max() != 0; }

}  // namespace fundgate::fundctl
