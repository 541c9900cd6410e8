#include "server/gate/masking.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "fundgate/v1/breakers.pb.h"
#include "fundgate/v1/value.pb.h"
#include "server/core/breaker_scope.h"
#include "server/core/grouping.h"
#include "server/gate/convert_values.h"
#include "server/policy/document.h"

namespace fundgate::gate {

// ---- Names ----

class Masking::Names {
 public:
  Names(uint64_t version, std::set<std::string> names)
      : version_(version), names_(std::move(names)) {}

  // Where the policy can't be read, nothing that has a name is shown.
  static std::shared_ptr<const Names> Everything(uint64_t version) {
    auto all = std::make_shared<Names>(version, std::set<std::string>{});
    all->everything_ = true;
    return all;
  }

  uint64_t version() const { return version_; }
  bool none() const { return names_.empty() && !everything_; }
  bool everything() const { return everything_; }
  const std::set<std::string>& all() const { return names_; }

  bool Has(std::string_view name) const {
    return everything_ || names_.count(std::string(name)) > 0;
  }

  // Whether a sensitive name stands in the path, between its dots.
  bool IsIn(std::string_view path) const {
    if (everything_) return true;
    return std::any_of(names_.begin(), names_.end(), [path](const std::string& name) {
      for (size_t at = path.find(name); at != std::string_view::npos;
           at = path.find(name, at + 1)) {
        const size_t end = at + name.size();
        if ((at == 0 || path[at - 1] == '.') && (end == path.size() || path[end] == '.')) {
          return true;
        }
      }
      return false;
    });
  }

 private:
  const uint64_t version_;
  const std::set<std::string> names_;
  bool everything_ = false;
};

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// What stands for a value that isn't there.
constexpr std::string_view kNothing = "nothing";

// A row's change tells the statement that made it, with the values in it.
constexpr std::string_view kStatement = "origin.statement";

// What stands for a sentence where the policy can't be read.
constexpr std::string_view kUnread = "masked: which names are sensitive can't be read";

// What sentences end with that were about to tell values.
constexpr std::string_view kUntold = " is masked, and what followed";

// Sentences about two values of a field begin so: those of matches, and those of guards.
constexpr std::string_view kBeginnings[] = {" is ", " from "};

// Texts that are documents, with a hash of their own: whoever writes one leaves values out of it.
bool IsDocument(const FieldDescriptor& field) { return field.name() == "document"; }

// Whether the gate itself made the text's sentences. What a person wrote is left as it is.
bool IsSentence(const Message& message, const FieldDescriptor& field) {
  if (field.name() == "message" || field.name() == "summary") return true;
  const auto* breaker = dynamic_cast<const v1::Breaker*>(&message);
  return breaker != nullptr && field.name() == "reason" &&
         (breaker->created_by() == v1::BREAKER_CREATOR_FREEZE ||
          breaker->created_by() == v1::BREAKER_CREATOR_TRIP);
}

bool IsNameByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-';
}

bool IsScopeByte(char c) { return IsNameByte(c) || c == '~' || c == '%'; }

std::string TextOfValue(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kStringValue:
      return value.string_value();
    case v1::Value::kIntValue:
      return absl::StrCat(value.int_value());
    case v1::Value::kBoolValue:
      return value.bool_value() ? "true" : "false";
    case v1::Value::kMoneyValue: {
      Problems none;  // of what the gate itself has written
      return ToMoney(value.money_value(), std::numeric_limits<int64_t>::min(), "", none).ToString();
    }
    case v1::Value::KIND_NOT_SET:
      break;
  }
  return "";
}

// One message, masked field by field.
class Masker {
 public:
  Masker(const Masking::Names& names, const security::MaskKey& key) : names_(names), key_(key) {}

  bool Mask(Message& message) const {
    const Reflection& reflection = *message.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection.ListFields(message, &fields);
    bool masked = false;
    for (const FieldDescriptor* field : fields) {
      if (field->is_map()) {
        masked |= MaskMap(message, reflection, *field);
      } else if (field->type() == FieldDescriptor::TYPE_STRING) {
        masked |= MaskTexts(message, reflection, *field);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        masked |= MaskMessages(message, reflection, *field);
      }
    }
    const FieldDescriptor* says = message.GetDescriptor()->FindFieldByName("masked");
    if (masked && says != nullptr && says->type() == FieldDescriptor::TYPE_BOOL) {
      reflection.SetBool(&message, says, true);
    }
    return masked;
  }

  std::string MaskValue(const std::string& value) const {
    if (value.empty() || value == kNothing || security::MaskKey::IsMask(value)) return value;
    return key_.Mask(value);
  }

  // The value of each scope in the text that is a sensitive one's.
  std::string MaskScopes(const std::string& text) const {
    std::string masked;
    size_t done = 0;
    for (size_t slash = text.find('/'); slash != std::string::npos;
         slash = text.find('/', slash + 1)) {
      size_t colon = slash + 1;
      while (colon < text.size() && IsNameByte(text[colon])) ++colon;
      if (colon == text.size() || text[colon] != ':') continue;
      if (!names_.Has(std::string_view(text).substr(slash + 1, colon - slash - 1))) continue;
      size_t end = colon + 1;
      while (end < text.size() && IsScopeByte(text[end])) ++end;
      const absl::StatusOr<core::BreakerScope> scope =
          core::BreakerScope::Parse("*" + text.substr(slash, end - slash));
      const std::string value = scope.ok() ? scope->value : text.substr(colon + 1, end - colon - 1);
      absl::StrAppend(&masked, text.substr(done, colon + 1 - done), MaskValue(value));
      done = end;
    }
    return masked.append(text, done);
  }

  // The text up to where it begins to tell a sensitive field's values.
  std::string MaskSentence(const std::string& text) const {
    if (names_.everything()) return std::string(kUnread);
    size_t cut = text.size();
    std::string_view told;
    for (const std::string& name : names_.all()) {
      for (const std::string_view beginning : kBeginnings) {
        const std::string wanted = absl::StrCat(name, ToAbsl(beginning));
        size_t at = text.find(wanted);
        while (at != std::string::npos && at > 0 && IsNameByte(text[at - 1])) {
          at = text.find(wanted, at + 1);
        }
        if (at >= cut) continue;
        cut = at;
        told = name;
      }
    }
    return told.empty() ? text : absl::StrCat(text.substr(0, cut), ToAbsl(told), ToAbsl(kUntold));
  }

 private:
  bool MaskTexts(Message& message, const Reflection& reflection,
                 const FieldDescriptor& field) const {
    if (IsDocument(field)) return false;
    const bool is_sentence = IsSentence(message, field);
    const auto shown = [&](const std::string& text) {
      return MaskScopes(is_sentence ? MaskSentence(text) : text);
    };
    bool masked = false;
    if (!field.is_repeated()) {
      std::string text = reflection.GetString(message, &field);
      std::string after = shown(text);
      masked = after != text;
      if (masked) reflection.SetString(&message, &field, std::move(after));
      return masked;
    }
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      std::string text = reflection.GetRepeatedString(message, &field, i);
      std::string after = shown(text);
      if (after == text) continue;
      reflection.SetRepeatedString(&message, &field, i, std::move(after));
      masked = true;
    }
    return masked;
  }

  bool MaskMessages(Message& message, const Reflection& reflection,
                    const FieldDescriptor& field) const {
    if (!field.is_repeated()) return Mask(*reflection.MutableMessage(&message, &field));
    bool masked = false;
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      masked |= Mask(*reflection.MutableRepeatedMessage(&message, &field, i));
    }
    return masked;
  }

  bool MaskMap(Message& message, const Reflection& reflection, const FieldDescriptor& field) const {
    bool masked = false;
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      masked |= MaskEntry(*reflection.MutableRepeatedMessage(&message, &field, i));
    }
    return masked;
  }

  // One entry of a map. All maps of the contract go by names.
  bool MaskEntry(Message& entry) const {
    const Reflection& reflection = *entry.GetReflection();
    const FieldDescriptor& key = *entry.GetDescriptor()->map_key();
    const FieldDescriptor& value = *entry.GetDescriptor()->map_value();
    const std::string name =
        key.type() == FieldDescriptor::TYPE_STRING ? reflection.GetString(entry, &key) : "";
    if (value.type() == FieldDescriptor::TYPE_STRING) {
      const std::string text = reflection.GetString(entry, &value);
      std::string shown = name == kStatement  ? core::ShapeOf(text)
                          : names_.IsIn(name) ? MaskValue(text)
                                              : MaskScopes(text);
      if (shown == text) return false;
      reflection.SetString(&entry, &value, std::move(shown));
      return true;
    }
    if (value.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return false;
    Message& told = *reflection.MutableMessage(&entry, &value);
    auto* attribute = dynamic_cast<v1::Value*>(&told);
    if (attribute == nullptr || !names_.IsIn(name)) return Mask(told);
    const std::string text = TextOfValue(*attribute);
    std::string shown = MaskValue(text);
    if (shown == text) return false;
    attribute->set_string_value(std::move(shown));
    return true;
  }

  const Masking::Names& names_;
  const security::MaskKey& key_;
};

}  // namespace

// ---- Masking ----

Masking::Masking(const store::Store& store, security::MaskKey key)
    : store_(store), key_(std::move(key)) {}

Masking::~Masking() = default;

std::shared_ptr<const Masking::Names> Masking::NamesInForce() const {
  const std::shared_ptr<const store::View> view = store_.view();
  const uint64_t version = view->resident().policy_version;
  const sequencer::MutexLock lock(mutex_);
  if (names_ != nullptr && names_->version() == version) return names_;
  std::set<std::string> names;
  if (version > 0) {
    const absl::StatusOr<core::PolicyRecord> record = view->GetPolicy(version);
    policy::Problems problems("policy");
    const policy::ReadDocument read =
        record.ok() ? policy::ReadPolicyDocument(record->text, problems) : policy::ReadDocument{};
    if (!record.ok() || !problems.empty()) return Names::Everything(version);
    names = {read.document.sensitive().begin(), read.document.sensitive().end()};
  }
  names_ = std::make_shared<Names>(version, std::move(names));
  return names_;
}

bool Masking::Mask(Message& message) const {
  const std::shared_ptr<const Names> names = NamesInForce();
  return !names->none() && Masker(*names, key_).Mask(message);
}

std::string Masking::MaskText(const std::string& text) const {
  const std::shared_ptr<const Names> names = NamesInForce();
  if (names->none()) return text;
  const Masker masker(*names, key_);
  return masker.MaskScopes(masker.MaskSentence(text));
}

std::string Masking::Shown(Sight sight, const std::string& scope) const {
  if (sight == Sight::kClear) return scope;
  const std::shared_ptr<const Names> names = NamesInForce();
  return names->none() ? scope : Masker(*names, key_).MaskScopes(scope);
}

std::string Masking::Meant(const std::string& scope, Problems& problems) const {
  const std::shared_ptr<const Names> names = NamesInForce();
  const absl::StatusOr<core::BreakerScope> parsed = core::BreakerScope::Parse(scope);
  if (!parsed.ok() || !security::MaskKey::IsMask(parsed->value) || !names->Has(parsed->field)) {
    return scope;
  }
  const std::shared_ptr<const store::View> view = store_.view();
  for (const auto& [present, breaker] : view->resident().of<core::Breakers>()) {
    if (present == scope || Shown(Sight::kMasked, present) == scope) return present;
  }
  problems.Add("scope", absl::StrCat("names a value by its mask, ", parsed->value,
                                     ", and no breaker there is has it; name the value itself"));
  return scope;
}

std::string Masking::Meant(Sight sight, const std::string& scope, Problems& problems) const {
  if (sight == Sight::kMasked && Shown(sight, scope) != scope) {
    problems.Add("scope",
                 "names a value that the policy calls sensitive: ask by the mask that lists show");
    return scope;
  }
  return Meant(scope, problems);
}

}  // namespace fundgate::gate
