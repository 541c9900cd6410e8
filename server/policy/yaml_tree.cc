#include "server/policy/yaml_tree.h"

#include <map>
#include <sstream>
#include <utility>

#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/exceptions.h"
#include "yaml-cpp/parser.h"

namespace fundgate::policy {
namespace {

Mark ToMark(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

// Builds the tree from the parser's events.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Problems& problems) : problems_(problems) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add({YamlNode::Kind::kNull, "", false, ToMark(mark), {}}, "", anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    problems_.At(ToMark(mark), "aliases (*name) are not accepted: write the value out");
    Add({YamlNode::Kind::kNull, "", false, ToMark(mark), {}}, "", YAML::NullAnchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Add({YamlNode::Kind::kScalar, value, tag == "!", ToMark(mark), {}}, tag, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open({YamlNode::Kind::kList, "", false, ToMark(mark), {}}, tag, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open({YamlNode::Kind::kMap, "", false, ToMark(mark), {}}, tag, anchor);
  }
  void OnMapEnd() override { Close(); }

  // Nothing if a bound was passed.
  std::optional<YamlNode> TakeRoot() { return stopped_ ? std::nullopt : std::move(root_); }

 private:
  void Look(const YamlNode& node, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      problems_.At(node.mark, "anchors (&name) are not accepted: write the value out");
    }
    if (tag.size() > 1) {
      problems_.At(node.mark, "tags (" + tag + ") are not accepted: write the plain value");
    }
    if (++nodes_ > kMaxNodes) {
      problems_.At(node.mark, "the document has more than " + std::to_string(kMaxNodes) +
                                  " values; reading ends here");
      stopped_ = true;
    }
  }
  void Open(YamlNode node, const std::string& tag, YAML::anchor_t anchor) {
    if (stopped_) return;
    Look(node, tag, anchor);
    if (open_.size() >= kMaxDepth) {
      problems_.At(node.mark, "maps and lists are nested deeper than " + std::to_string(kMaxDepth) +
                                  " levels; reading ends here");
      stopped_ = true;
    }
    open_.push_back(std::move(node));
  }
  void Add(YamlNode node, const std::string& tag, YAML::anchor_t anchor) {
    if (stopped_) return;
    Look(node, tag, anchor);
    Keep(std::move(node));
  }
  void Close() {
    if (stopped_) return;
    YamlNode node = std::move(open_.back());
    open_.pop_back();
    if (node.kind == YamlNode::Kind::kMap) CheckKeys(node);
    Keep(std::move(node));
  }
  void Keep(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else {
      open_.back().children.push_back(std::move(node));
    }
  }

  // Drops entries whose keys are no names or were there before.
  void CheckKeys(YamlNode& map) {
    std::map<std::string, Mark> seen;
    std::vector<YamlNode> kept;
    for (size_t i = 0; i + 1 < map.children.size(); i += 2) {
      YamlNode& key = map.children[i];
      if (key.kind != YamlNode::Kind::kScalar) {
        problems_.At(key.mark, "a name was expected in front of the colon, but this is " +
                                   std::string(KindName(key)));
        continue;
      }
      const auto [first, is_new] = seen.emplace(key.text, key.mark);
      if (!is_new) {
        problems_.At(key.mark, "'" + key.text +
                                   "' stands there twice; it was given first at line " +
                                   std::to_string(first->second.line));
        continue;
      }
      kept.push_back(std::move(key));
      kept.push_back(std::move(map.children[i + 1]));
    }
    map.children = std::move(kept);
  }

  Problems& problems_;
  std::vector<YamlNode> open_;
  std::optional<YamlNode> root_;
  size_t nodes_ = 0;
  bool stopped_ = false;  // a bound was passed: nothing more is taken
};

}  // namespace

std::string_view KindName(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kScalar:
      return "a single value";
    case YamlNode::Kind::kList:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
  }
  return "";
}

std::optional<YamlNode> ReadYaml(std::string_view text, Problems& problems) {
  if (text.size() > kMaxDocumentBytes) {
    problems.At({1, 1}, "the document has " + std::to_string(text.size()) + " bytes; at most " +
                            std::to_string(kMaxDocumentBytes) + " are accepted");
    return std::nullopt;
  }
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    problems.At({1, 1}, "the document has a NUL byte at offset " + std::to_string(nul) +
                            "; it must be text in UTF-8");
    return std::nullopt;
  }
  TreeBuilder builder(problems);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) {
      problems.At({1, 1}, "the document is empty; it needs at least books and movements");
      return std::nullopt;
    }
    std::optional<YamlNode> root = builder.TakeRoot();
    TreeBuilder rest(problems);
    if (parser.HandleNextDocument(rest)) {
      problems.At(rest.TakeRoot().value_or(YamlNode{}).mark,
                  "a second YAML document begins here; a policy is one document");
    }
    return root;
  } catch (const YAML::Exception& error) {
    problems.At(ToMark(error.mark), "this is not YAML: " + error.msg);
    return std::nullopt;
  }
}

}  // namespace fundgate::policy
