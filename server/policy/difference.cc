#include "server/policy/difference.h"

#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/policy/v1/options.pb.h"
#include "fundgate/policy/v1/structure.pb.h"
#include "server/policy/document_text.h"

namespace fundgate::policy {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// By what one entry of a list of messages is known again: the fields that name it, if it has any.
std::string LabelOf(const Message& element) {
  std::string label;
  for (const char* naming : {"name", "table", "emit", "scope"}) {
    const FieldDescriptor* field = element.GetDescriptor()->FindFieldByName(naming);
    if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) continue;
    absl::StrAppend(&label, label.empty() ? "" : " ",
                    element.GetReflection()->GetString(element, field));
  }
  return label;
}

class Comparison {
 public:
  std::vector<Change> Run(const Message& before, const Message& after) && {
    Compare(before, after, "");
    return std::move(changes_);
  }

 private:
  // Names of entries and the index of each.
  using Entries = std::map<std::string, int>;

  static std::string Inside(const std::string& path, const std::string& name) {
    return path.empty() ? name : absl::StrCat(path, ".", name);
  }

  void Compare(const Message& before, const Message& after, const std::string& path) {
    const Descriptor& type = *before.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const bool beside = field.options().GetExtension(v1::catch_all);
      CompareField(before, after, field, beside ? path : Inside(path, field.name()));
    }
  }

  void CompareField(const Message& before, const Message& after, const FieldDescriptor& field,
                    const std::string& path) {
    const bool of_messages = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (field.is_map()) {
      return CompareEntries(before, after, field, MapEntries(before, field),
                            MapEntries(after, field),
                            [&path](const std::string& name) { return Inside(path, name); });
    }
    if (field.is_repeated() && of_messages) {
      return CompareEntries(
          before, after, field, ListEntries(before, field), ListEntries(after, field),
          [&path](const std::string& label) { return absl::StrCat(path, "[", label, "]"); });
    }
    const bool was = IsThere(before, field);
    const bool is = IsThere(after, field);
    if (was && is && of_messages) {
      return CompareValues(before.GetReflection()->GetMessage(before, &field),
                           after.GetReflection()->GetMessage(after, &field), path);
    }
    Note(path, was ? TextOf(before, field) : "", is ? TextOf(after, field) : "", was, is);
  }

  static bool IsThere(const Message& message, const FieldDescriptor& field) {
    return field.is_repeated() ? message.GetReflection()->FieldSize(message, &field) > 0
                               : message.GetReflection()->HasField(message, &field);
  }

  // Labels that come more than once are numbered; entries without one are known by their place.
  static Entries ListEntries(const Message& message, const FieldDescriptor& field) {
    Entries entries;
    for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
      const std::string label =
          LabelOf(message.GetReflection()->GetRepeatedMessage(message, &field, i));
      std::string name = label.empty() ? absl::StrCat(i) : label;
      for (int n = 2; entries.contains(name); ++n) name = absl::StrCat(label, " #", n);
      entries[name] = i;
    }
    return entries;
  }

  template <typename PathOf>
  void CompareEntries(const Message& before, const Message& after, const FieldDescriptor& field,
                      const Entries& old_entries, const Entries& new_entries,
                      const PathOf& path_of) {
    std::set<std::string> names;
    for (const auto& [name, index] : old_entries) names.insert(name);
    for (const auto& [name, index] : new_entries) names.insert(name);
    for (const std::string& name : names) {
      const auto was = old_entries.find(name);
      const auto is = new_entries.find(name);
      const std::string path = path_of(name);
      if (was == old_entries.end()) {
        Note(path, "", TextOfElement(after, field, is->second), false, true);
      } else if (is == new_entries.end()) {
        Note(path, TextOfElement(before, field, was->second), "", true, false);
      } else {
        CompareElements(before, was->second, after, is->second, field, path);
      }
    }
  }

  void CompareElements(const Message& before, int old_index, const Message& after, int new_index,
                       const FieldDescriptor& field, const std::string& path) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const Message& was = before.GetReflection()->GetRepeatedMessage(before, &field, old_index);
      const Message& is = after.GetReflection()->GetRepeatedMessage(after, &field, new_index);
      if (!field.is_map()) return CompareValues(was, is, path);
      const FieldDescriptor& value = *was.GetDescriptor()->map_value();
      if (value.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        return CompareValues(was.GetReflection()->GetMessage(was, &value),
                             is.GetReflection()->GetMessage(is, &value), path);
      }
    }
    Note(path, TextOfElement(before, field, old_index), TextOfElement(after, field, new_index),
         true, true);
  }

  // Values that documents write as one text change as one, others field by field.
  void CompareValues(const Message& before, const Message& after, const std::string& path) {
    const Descriptor& type = *before.GetDescriptor();
    if (IsScalarText(type) || &type == v1::Names::descriptor()) {
      return Note(path, TextOf(before), TextOf(after), true, true);
    }
    Compare(before, after, path);
  }

  void Note(const std::string& path, std::string before, std::string after, bool was, bool is) {
    if (before == after && was == is) return;
    const ChangeKind kind = !was  ? ChangeKind::kAdded
                            : !is ? ChangeKind::kRemoved
                                  : ChangeKind::kChanged;
    changes_.push_back({kind, path, std::move(before), std::move(after)});
  }

  std::vector<Change> changes_;
};

}  // namespace

std::vector<Change> Difference(const v1::Document& before, const v1::Document& after) {
  return Comparison().Run(before, after);
}

}  // namespace fundgate::policy
