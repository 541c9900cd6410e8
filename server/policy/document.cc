#include "server/policy/document.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "fundgate/policy/v1/options.pb.h"
#include "fundgate/types/money.h"
#include "fundgate/types/text.h"
#include "fundgate/v1/money.pb.h"
#include "fundgate/v1/value.pb.h"
#include "server/expression/names.h"
#include "server/policy/document_text.h"
#include "server/policy/scalars.h"
#include "server/policy/yaml_tree.h"

namespace fundgate::policy {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Entries of a list or map without a bound of its own in the schema.
constexpr size_t kEntriesMax = 1000;

// A place in a message that takes one value: a field, or a new element of a repeated one.
struct Target {
  Message* message;
  const FieldDescriptor* field;

  const Reflection& reflection() const { return *message->GetReflection(); }
  void SetText(const std::string& text) const {
    field->is_repeated() ? reflection().AddString(message, field, text)
                         : reflection().SetString(message, field, text);
  }
  void SetBool(bool value) const {
    field->is_repeated() ? reflection().AddBool(message, field, value)
                         : reflection().SetBool(message, field, value);
  }
  void SetInt(int64_t value) const {
    field->is_repeated() ? reflection().AddInt64(message, field, value)
                         : reflection().SetInt64(message, field, value);
  }
  void SetEnum(int value) const {
    field->is_repeated() ? reflection().AddEnumValue(message, field, value)
                         : reflection().SetEnumValue(message, field, value);
  }
  Message* MutableMessage() const {
    return field->is_repeated() ? reflection().AddMessage(message, field)
                                : reflection().MutableMessage(message, field);
  }
};

class Reader {
 public:
  Reader(std::string_view text, Places& places, Problems& problems)
      : lines_(absl::StrSplit(ToAbsl(text), "\n")), places_(places), problems_(problems) {}

  void ReadMessage(const YamlNode& node, Message* message, const std::string& path) {
    if (node.kind != YamlNode::Kind::kMap) return WrongKind(node, "a map of fields");
    for (size_t i = 0; i + 1 < node.children.size(); i += 2) {
      ReadEntry(node.children[i], node.children[i + 1], message, path);
    }
    const Descriptor& type = *message->GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (field.options().GetExtension(v1::required) && !IsNamed(node, field.name())) {
        problems_.At(path.empty() ? Mark{1, 1} : places_.Find(path).key,
                     absl::StrCat("'", field.name(), "' is missing; it is required here"));
        if (path.empty()) places_.MarkDamaged(field.name());
      }
    }
  }

 private:
  static bool IsNamed(const YamlNode& map, std::string_view name) {
    for (size_t i = 0; i < map.children.size(); i += 2) {
      if (map.children[i].text == name) return true;
    }
    return false;
  }

  void WrongKind(const YamlNode& node, std::string_view expected) {
    std::string message =
        absl::StrCat(ToAbsl(expected), " was expected here, but this is ", ToAbsl(KindName(node)));
    if (node.kind == YamlNode::Kind::kMap && !node.children.empty() && expected == "text") {
      absl::StrAppend(&message, "; text with a colon and a blank in it must stand in quotes");
    }
    problems_.At(node.mark, std::move(message));
  }

  // True if the source line has exactly this text at the mark.
  bool StandsAt(Mark mark, const std::string& text) const {
    if (mark.line < 1 || mark.line > static_cast<int>(lines_.size())) return false;
    const std::string_view line = lines_[static_cast<size_t>(mark.line) - 1];
    const size_t column = static_cast<size_t>(mark.column) - 1;
    return column <= line.size() && line.substr(column, text.size()) == text;
  }

  void Remember(const std::string& path, Mark key, const YamlNode& value) {
    Places::Place place{key, value.mark, false};
    if (value.kind == YamlNode::Kind::kScalar) {
      if (value.quoted) place.value.column += 1;
      place.exact = StandsAt(place.value, value.text);
      if (!place.exact) place.value = value.mark;
    }
    places_.Set(path, place);
  }

  void ReadEntry(const YamlNode& key, const YamlNode& value, Message* message,
                 const std::string& path) {
    const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(key.text);
    if (field != nullptr && !field->options().GetExtension(v1::catch_all)) {
      const std::string inner = path.empty() ? key.text : absl::StrCat(path, ".", key.text);
      Remember(inner, key.mark, value);
      const size_t problems_before = problems_.count();
      ReadField(value, {message, field}, inner);
      if (problems_.count() > problems_before) places_.MarkUnread(inner);
      return;
    }
    const FieldDescriptor* catch_all = CatchAll(*message->GetDescriptor());
    if (catch_all != nullptr) {
      return ReadMapEntry(key, value, {message, catch_all},
                          absl::StrCat(path, ".", catch_all->name()));
    }
    UnknownName(key, *message->GetDescriptor(), path);
  }

  static const FieldDescriptor* CatchAll(const Descriptor& type) {
    for (int i = 0; i < type.field_count(); ++i) {
      if (type.field(i)->options().GetExtension(v1::catch_all)) return type.field(i);
    }
    return nullptr;
  }

  static const FieldDescriptor* Shorthand(const Descriptor& type) {
    for (int i = 0; i < type.field_count(); ++i) {
      if (type.field(i)->options().GetExtension(v1::shorthand)) return type.field(i);
    }
    return nullptr;
  }

  void UnknownName(const YamlNode& key, const Descriptor& type, const std::string& path) {
    std::vector<std::string> names;
    for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
    if (path.empty()) {
      places_.MarkDamaged(std::string(expression::NearestName(key.text, names)));
    }
    problems_.At(key.mark, absl::StrCat("there is no field '", key.text, "' here",
                                        expression::NameHint(key.text, names)));
  }

  bool TooMany(const YamlNode& node, const FieldDescriptor& field, size_t entries) {
    const size_t declared = field.options().GetExtension(v1::max_entries);
    const size_t bound = declared == 0 ? kEntriesMax : declared;
    if (entries <= bound) return false;
    problems_.At(node.mark, absl::StrCat("'", field.name(), "' has ", entries, " entries; at most ",
                                         bound, " are accepted"));
    return true;
  }

  void ReadField(const YamlNode& node, Target target, const std::string& path) {
    if (node.kind == YamlNode::Kind::kNull) {
      return problems_.At(
          places_.Find(path).key,
          absl::StrCat("'", target.field->name(), "' has no value; give it one or leave it out"));
    }
    if (target.field->is_map()) {
      if (node.kind != YamlNode::Kind::kMap) return WrongKind(node, "a map of names");
      if (TooMany(node, *target.field, node.children.size() / 2)) return;
      for (size_t i = 0; i + 1 < node.children.size(); i += 2) {
        ReadMapEntry(node.children[i], node.children[i + 1], target, path);
      }
    } else if (target.field->is_repeated()) {
      if (node.kind != YamlNode::Kind::kList) return WrongKind(node, "a list");
      if (TooMany(node, *target.field, node.children.size())) return;
      for (size_t i = 0; i < node.children.size(); ++i) {
        const std::string inner = absl::StrCat(path, "[", i, "]");
        Remember(inner, node.children[i].mark, node.children[i]);
        ReadValue(node.children[i], target, inner);
      }
    } else {
      ReadValue(node, target, path);
    }
  }

  void ReadMapEntry(const YamlNode& key, const YamlNode& value, Target target,
                    const std::string& path) {
    const std::string inner = absl::StrCat(path, ".", key.text);
    Remember(inner, key.mark, value);
    Message* entry = target.reflection().AddMessage(target.message, target.field);
    const Descriptor& type = *target.field->message_type();
    Target{entry, type.map_key()}.SetText(key.text);
    if (value.kind == YamlNode::Kind::kNull) {
      return problems_.At(key.mark, absl::StrCat("'", key.text, "' has no value; give it one"));
    }
    ReadValue(value, {entry, type.map_value()}, inner);
  }

  void ReadValue(const YamlNode& node, Target target, const std::string& path) {
    if (target.field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      return ReadMessageValue(node, target, path);
    }
    if (node.kind != YamlNode::Kind::kScalar) return WrongKind(node, Expected(*target.field));
    int64_t number = 0;
    switch (target.field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return target.SetText(node.text);
      case FieldDescriptor::CPPTYPE_BOOL:
        if (node.quoted || (node.text != "true" && node.text != "false")) break;
        return target.SetBool(node.text == "true");
      case FieldDescriptor::CPPTYPE_INT64:
        if (node.quoted || !absl::SimpleAtoi(node.text, &number)) break;
        return target.SetInt(number);
      case FieldDescriptor::CPPTYPE_ENUM:
        return ReadEnum(node, target);
      default:
        break;
    }
    problems_.At(node.mark, absl::StrCat(ToAbsl(Expected(*target.field)),
                                         " was expected here, not '", node.text, "'"));
  }

  static std::string_view Expected(const FieldDescriptor& field) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL:
        return "true or false";
      case FieldDescriptor::CPPTYPE_INT64:
        return "a whole number";
      case FieldDescriptor::CPPTYPE_ENUM:
        return "one word";
      default:
        return "text";
    }
  }

  void ReadEnum(const YamlNode& node, Target target) {
    const EnumDescriptor& type = *target.field->enum_type();
    std::vector<std::string> words;
    for (int i = 0; i < type.value_count(); ++i) {
      if (type.value(i)->number() == 0) continue;
      words.push_back(EnumWord(*type.value(i)));
      if (absl::EqualsIgnoreCase(words.back(), node.text)) {
        return target.SetEnum(type.value(i)->number());
      }
    }
    const bool capitals = absl::AsciiStrToUpper(words.front()) == words.front();
    const std::string word =
        capitals ? absl::AsciiStrToUpper(node.text) : absl::AsciiStrToLower(node.text);
    const std::string_view nearest = expression::NearestName(word, words);
    problems_.At(
        node.mark,
        absl::StrCat(
            "'", node.text, "' was not expected here; write one of ", absl::StrJoin(words, ", "),
            nearest.empty() ? "" : absl::StrCat("; did you mean '", ToAbsl(nearest), "'?")));
  }

  void ReadMessageValue(const YamlNode& node, Target target, const std::string& path) {
    const Descriptor* type = target.field->message_type();
    // Text that can't be read leaves the field unset: nothing else is said of it then.
    if (type == google::protobuf::Duration::descriptor()) {
      return ReadText(node, "a duration like 5s", ParseDuration, [&](absl::Duration duration) {
        target.MutableMessage()->CopyFrom(ToMessage(duration));
      });
    }
    if (type == google::protobuf::Timestamp::descriptor()) {
      return ReadText(node, "a time like 2026-01-31T00:00:00Z", ParseTimestamp,
                      [&](absl::Time time) { target.MutableMessage()->CopyFrom(ToMessage(time)); });
    }
    if (type == ::fundgate::v1::Money::descriptor()) {
      return ReadText(node, "an amount like CNY 100.00", Money::Parse, [&](const Money& money) {
        ::fundgate::v1::Money read;
        read.set_currency_code(std::string(money.currency.code()));
        read.set_minor_units(money.minor_units);
        target.MutableMessage()->CopyFrom(read);
      });
    }
    Message* message = target.MutableMessage();
    if (type == ::fundgate::v1::Value::descriptor() && node.kind == YamlNode::Kind::kScalar) {
      return message->CopyFrom(ToValue(node));
    }
    if (const FieldDescriptor* field = Shorthand(*type)) {
      if (field->is_repeated()) return ReadField(node, {message, field}, path);
      if (node.kind == YamlNode::Kind::kScalar) return ReadValue(node, {message, field}, path);
    }
    ReadMessage(node, message, path);
  }

  template <typename Parse, typename Store>
  void ReadText(const YamlNode& node, std::string_view expected, Parse parse, Store store) {
    if (node.kind != YamlNode::Kind::kScalar) return WrongKind(node, expected);
    auto value = parse(node.text);
    if (!value.ok()) return problems_.At(node.mark, std::string(value.status().message()));
    store(*value);
  }

  static ::fundgate::v1::Value ToValue(const YamlNode& node) {
    ::fundgate::v1::Value value;
    int64_t number = 0;
    if (!node.quoted && (node.text == "true" || node.text == "false")) {
      value.set_bool_value(node.text == "true");
    } else if (!node.quoted && absl::SimpleAtoi(node.text, &number)) {
      value.set_int_value(number);
    } else {
      value.set_string_value(node.text);
    }
    return value;
  }

  std::vector<std::string> lines_;
  Places& places_;
  Problems& problems_;
};

}  // namespace

Places ReadYamlMessage(std::string_view text, google::protobuf::Message& message,
                       Problems& problems) {
  Places places;
  const std::optional<YamlNode> root = ReadYaml(text, problems);
  if (root.has_value()) Reader(text, places, problems).ReadMessage(*root, &message, "");
  return places;
}

ReadDocument ReadPolicyDocument(std::string_view text, Problems& problems) {
  ReadDocument read;
  read.places = ReadYamlMessage(text, read.document, problems);
  return read;
}

}  // namespace fundgate::policy
