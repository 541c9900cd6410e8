// YAML text as a tree with places. The only includer of yaml-cpp.
#ifndef SERVER_POLICY_YAML_TREE_H_
#define SERVER_POLICY_YAML_TREE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/policy/problem.h"

namespace fundgate::policy {

// Bounds of a document. They keep a hostile one from costing more than it could ever mean.
inline constexpr size_t kMaxDocumentBytes = 1 << 20;
inline constexpr size_t kMaxDepth = 32;       // levels of maps and lists
inline constexpr size_t kMaxNodes = 100'000;  // maps, lists and scalars

struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  std::string text;                // of scalars
  bool quoted = false;             // of scalars: can only be meant as text
  Mark mark;                       // of its first byte, the quote included
  std::vector<YamlNode> children;  // elements of a list; of a map key, value, key, value ...
};

// The one document in the text. Anchors, aliases, tags, more than one document, keys that are not
// plain names and duplicate keys are problems; so is what passes a bound, where reading ends.
// Nothing is returned if there is no usable tree at all.
std::optional<YamlNode> ReadYaml(std::string_view text, Problems& problems);

// "a map", "a list", "text": for messages.
std::string_view KindName(const YamlNode& node);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_YAML_TREE_H_
