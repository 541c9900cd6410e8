#include "server/policy/document_text.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "fundgate/policy/v1/options.pb.h"
#include "fundgate/types/money.h"
#include "fundgate/types/text.h"
#include "fundgate/v1/money.pb.h"
#include "fundgate/v1/value.pb.h"
#include "server/policy/scalars.h"

namespace fundgate::policy {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// True if YAML reads the bare text as this text, also between brackets.
bool IsPlain(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return false;
  const bool starts_as_word = absl::ascii_isalpha(static_cast<unsigned char>(text.front())) ||
                              (text.size() > 1 && (text.front() == '+' || text.front() == '-') &&
                               absl::ascii_isalpha(static_cast<unsigned char>(text[1])));
  const bool is_word = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) ||
           std::string_view("_.+-/<=>() ").find(static_cast<char>(c)) != std::string_view::npos;
  });
  return starts_as_word && is_word && text != "true" && text != "false" && text != "null";
}

std::string Quoted(std::string_view text) {
  if (IsPlain(text)) return std::string(text);
  const bool needs_escapes = std::any_of(text.begin(), text.end(), [](unsigned char c) {
    return c == '\'' || absl::ascii_iscntrl(c);
  });
  // Backslashes and quotes are escaped alike in C and in YAML; so are line breaks and tabs.
  if (needs_escapes) return absl::StrCat("\"", absl::Utf8SafeCEscape(ToAbsl(text)), "\"");
  return absl::StrCat("'", ToAbsl(text), "'");
}

std::string TextOfValue(const ::fundgate::v1::Value& value) {
  switch (value.kind_case()) {
    case ::fundgate::v1::Value::kBoolValue:
      return value.bool_value() ? "true" : "false";
    case ::fundgate::v1::Value::kIntValue:
      return absl::StrCat(value.int_value());
    default:
      return Quoted(value.string_value());
  }
}

std::string TextOfMoney(const ::fundgate::v1::Money& money) {
  const absl::StatusOr<Currency> currency = Currency::FromCode(money.currency_code());
  return Money{currency.value_or(Currency()), money.minor_units()}.ToString();
}

std::string TextOfScalar(const Message& message) {
  const Descriptor* type = message.GetDescriptor();
  if (type == google::protobuf::Duration::descriptor()) {
    return DurationText(ToDuration(dynamic_cast<const google::protobuf::Duration&>(message)));
  }
  if (type == google::protobuf::Timestamp::descriptor()) {
    const absl::Time time = ToTime(dynamic_cast<const google::protobuf::Timestamp&>(message));
    return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone());
  }
  if (type == ::fundgate::v1::Money::descriptor()) {
    return TextOfMoney(dynamic_cast<const ::fundgate::v1::Money&>(message));
  }
  return TextOfValue(dynamic_cast<const ::fundgate::v1::Value&>(message));
}

// One value of a field that is no message.
std::string TextOfPlain(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& read = *message.GetReflection();
  const bool repeated = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return (repeated ? read.GetRepeatedBool(message, &field, index)
                       : read.GetBool(message, &field))
                 ? "true"
                 : "false";
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(repeated ? read.GetRepeatedInt64(message, &field, index)
                                   : read.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumWord(repeated ? *read.GetRepeatedEnum(message, &field, index)
                               : *read.GetEnum(message, &field));
    default: {
      std::string scratch;
      return Quoted(repeated ? read.GetRepeatedStringReference(message, &field, index, &scratch)
                             : read.GetStringReference(message, &field, &scratch));
    }
  }
}

std::string List(const std::vector<std::string>& elements) {
  return absl::StrCat("[", absl::StrJoin(elements, ", "), "]");
}

}  // namespace

std::string EnumWord(const EnumValueDescriptor& value) {
  const std::string& zero = value.type()->FindValueByNumber(0)->name();
  const size_t prefix = zero.size() - std::string_view("UNSPECIFIED").size();
  const std::string word = value.name().substr(prefix);
  return value.type()->name() == "Verdict" ? word : absl::AsciiStrToLower(word);
}

bool IsScalarText(const Descriptor& type) {
  return &type == google::protobuf::Duration::descriptor() ||
         &type == google::protobuf::Timestamp::descriptor() ||
         &type == ::fundgate::v1::Money::descriptor() ||
         &type == ::fundgate::v1::Value::descriptor();
}

std::map<std::string, int> MapEntries(const Message& message, const FieldDescriptor& field) {
  const Reflection& read = *message.GetReflection();
  std::map<std::string, int> entries;
  for (int i = 0; i < read.FieldSize(message, &field); ++i) {
    const Message& entry = read.GetRepeatedMessage(message, &field, i);
    entries[entry.GetReflection()->GetString(entry, entry.GetDescriptor()->map_key())] = i;
  }
  return entries;
}

std::string TextOfElement(const Message& message, const FieldDescriptor& field, int index) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    return TextOfPlain(message, field, index);
  }
  const Message& element = message.GetReflection()->GetRepeatedMessage(message, &field, index);
  if (!field.is_map()) return TextOf(element);
  return TextOf(element, *element.GetDescriptor()->map_value());
}

std::string TextOf(const Message& message, const FieldDescriptor& field) {
  const Reflection& read = *message.GetReflection();
  if (field.is_map()) {
    std::vector<std::string> entries;
    for (const auto& [name, index] : MapEntries(message, field)) {
      entries.push_back(absl::StrCat(Quoted(name), ": ", TextOfElement(message, field, index)));
    }
    return absl::StrCat("{", absl::StrJoin(entries, ", "), "}");
  }
  if (field.is_repeated()) {
    std::vector<std::string> elements;
    for (int i = 0; i < read.FieldSize(message, &field); ++i) {
      elements.push_back(TextOfElement(message, field, i));
    }
    return List(elements);
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return TextOf(read.GetMessage(message, &field));
  }
  return TextOfPlain(message, field, 0);
}

std::string TextOf(const Message& message) {
  const Descriptor& type = *message.GetDescriptor();
  if (IsScalarText(type)) return TextOfScalar(message);
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  if (fields.size() == 1 && fields.front()->options().GetExtension(v1::shorthand)) {
    return TextOf(message, *fields.front());
  }
  std::vector<std::string> texts;
  for (const FieldDescriptor* field : fields) {
    std::string text = TextOf(message, *field);
    if (field->options().GetExtension(v1::catch_all)) {
      texts.push_back(text.substr(1, text.size() - 2));  // its entries stand beside the fields
    } else {
      texts.push_back(absl::StrCat(field->name(), ": ", text));
    }
  }
  return absl::StrCat("{", absl::StrJoin(texts, ", "), "}");
}

}  // namespace fundgate::policy
