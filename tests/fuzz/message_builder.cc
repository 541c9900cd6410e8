#include "tests/fuzz/message_builder.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/fuzz/whole_gate_parts.h"

namespace fundgate::fuzz {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kDepthMax = 6;
constexpr size_t kLearnedMax = 32;

// What callers put into fields of these names. A name that isn't here is left out by most.
const std::map<std::string, std::vector<std::string>>& UsualTexts() {
  static const auto& texts = *new std::map<std::string, std::vector<std::string>>{
      {"account_id", {"m1", "m1", "m1", "m2"}},
      {"actor", {"bob", "alice"}},
      {"book", {"order", "merchant"}},
      {"checkpoint", {"refund", "refund", "late_refund", "settlement", "cash_out"}},
      {"comment", {"as agreed"}},
      {"currency_code", {"CNY", "CNY", "CNY", "USD", "JPY"}},
      {"decision_id", {}},  // what was learned
      {"document", {}},     // the worked example's
      {"event_id", {"e1", "e2", "e3", "e4"}},
      {"holder", {"till-1", "till-2"}},
      {"id", {}},
      {"idempotency_key", {"k1", "k2", "k3", "k4", "k5", "p1", "p2"}},
      {"kind",
       {"payment", "payment", "refund", "settlement", "chargeback", "late_refund", "cash_out"}},
      {"lease_id", {}},
      {"order_id", {"o1", "o1", "o2", "o3"}},
      {"plan", {"reports_are_wrong"}},
      {"primary_key", {"1", "2", "3"}},
      {"reason", {"looks right"}},
      {"request_id", {"q1", "q2"}},
      {"rule", {"refund_burst", "many_payees", "large_by_themselves"}},
      {"scope", {"refund/account:m1", "refund", "cash_out", "*", "*/order:o1"}},
      {"source", {"ledger", "ledger", "shop"}},
      {"table", {"pay.refund", "pay.payment"}},
  };
  return texts;
}

// And into fields that may hold anything.
const std::vector<std::string>& OddTexts() {
  static const auto& texts = *new std::vector<std::string>{
      "",
      "m3",
      "o9",
      "*/payee:p1",
      "refund/account:%2A",
      "refund/",
      "/account:m1",
      "ledger:3",
      "ledger:18446744073709551615",
      "0-1-5,1-2-7",
      "d0000000000000001",
      "dffffffffffffffff",
      "masked-0123456789ab",
      "traceparent",
      "payee",
      "p1",
      "net",
      "fee",
      "XXX",
      "KWD",
      "price_collapse",
      "bid",
      "order_paid",
      "item_id",
      "\xe5\xad\x97",          // a character of three bytes
      std::string("a\0b", 3),  // text may hold a zero
      std::string(64, 'a'),    // the longest and one more, by the contract's limits
      std::string(65, 'a'),
      std::string(128, 'k'),
      std::string(129, 'k'),
      std::string(1025, 'r'),
      std::string(4097, 'p'),
  };
  return texts;
}

const std::vector<int64_t>& OddNumbers() {
  static const auto& numbers = *new std::vector<int64_t>{
      0,
      1,
      -1,
      2,
      100,
      1000,
      1001,
      10'000,
      std::numeric_limits<int32_t>::max(),
      std::numeric_limits<int32_t>::min(),
      int64_t{1} << 32,
      std::numeric_limits<int64_t>::max(),
      std::numeric_limits<int64_t>::max() - 1,
      std::numeric_limits<int64_t>::max() / 2 + 1,
      std::numeric_limits<int64_t>::min(),
      std::numeric_limits<int64_t>::min() + 1,
  };
  return numbers;
}

// Messages within messages that a caller sets.
bool IsUsualMessage(const std::string& field) {
  static const auto& names = *new std::vector<std::string>{
      "amount", "after", "before", "budget", "check", "events", "movement", "requests", "row"};
  return std::binary_search(names.begin(), names.end(), field);
}

bool IsTime(const Message& message) {
  const std::string& name = message.GetDescriptor()->full_name();
  return name == "google.protobuf.Timestamp" || name == "google.protobuf.Duration";
}

}  // namespace

void MessageBuilder::Learn(const Message& answer) {
  const Reflection& reflection = *answer.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(answer, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (field->is_map()) continue;
      const int count = field->is_repeated() ? std::min(reflection.FieldSize(answer, field), 3) : 1;
      for (int i = 0; i < count; ++i) {
        Learn(field->is_repeated() ? reflection.GetRepeatedMessage(answer, field, i)
                                   : reflection.GetMessage(answer, field));
      }
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING && !field->is_repeated()) {
      const std::string& name = field->name();
      if (!name.ends_with("id") && !name.ends_with("_token")) continue;
      if (UsualTexts().contains(name) && !UsualTexts().at(name).empty()) continue;
      learned_.insert(learned_.begin(), reflection.GetString(answer, field));
      if (learned_.size() > kLearnedMax) learned_.pop_back();
    }
  }
}

std::string MessageBuilder::Text(const std::string& field, bool is_usual) {
  const uint8_t choice = in_.Byte();
  if (is_usual) {
    if (field == "document") return WorkedPolicy().text;
    const auto usual = UsualTexts().find(field);
    if (usual != UsualTexts().end() && !usual->second.empty()) {
      return usual->second[choice % usual->second.size()];
    }
    return learned_.empty() ? "" : learned_[choice % learned_.size()];
  }
  if (choice < 16) {
    const Input rest = in_.Take(in_.Byte());
    return {rest.begin(), rest.end()};
  }
  if (choice < 48) return learned_.empty() ? "" : learned_[choice % learned_.size()];
  if (choice < 128) return Text(field, true);
  return OddTexts()[choice % OddTexts().size()];
}

int64_t MessageBuilder::Number(const std::string& field, bool is_usual) {
  if (is_usual) {
    static const std::vector<int64_t> kAmounts = {100, 1, 40, 60, 2500, 10'000};
    const uint8_t choice = in_.Byte();
    return field == "minor_units" ? kAmounts[choice % kAmounts.size()] : 1 + choice % 3;
  }
  const uint8_t choice = in_.Byte();
  if (choice < 128) return OddNumbers()[choice % OddNumbers().size()];
  int64_t number = 0;
  for (int i = 0; i < choice % 9; ++i) number = number << 8 | in_.Byte();
  return number;
}

void MessageBuilder::SetTime(Message& message) {
  static const std::vector<int64_t> kSeconds = {0,
                                                1,
                                                -1,
                                                60,
                                                -60,
                                                3600,
                                                -3600,
                                                86'400,
                                                40'000'000,
                                                -40'000'000,
                                                253'402'300'800,
                                                -62'135'596'801,
                                                std::numeric_limits<int64_t>::max(),
                                                std::numeric_limits<int64_t>::min()};
  static const std::vector<int32_t> kNanos = {0, 0, 0, 1, -1, 999'999'999, 1'000'000'000};
  const Reflection& reflection = *message.GetReflection();
  const google::protobuf::Descriptor& descriptor = *message.GetDescriptor();
  const uint8_t choice = in_.Byte();
  int64_t seconds = kSeconds[choice % kSeconds.size()];
  const bool is_moment = descriptor.full_name() == "google.protobuf.Timestamp";
  if (is_moment && choice < 224 && std::abs(seconds / 2) < 1'000'000'000) {
    seconds += absl::ToUnixSeconds(now_);
  }
  reflection.SetInt64(&message, descriptor.FindFieldByName("seconds"), seconds);
  reflection.SetInt32(&message, descriptor.FindFieldByName("nanos"),
                      kNanos[(choice / kSeconds.size()) % kNanos.size()]);
}

void MessageBuilder::SetScalar(Message& message, const Field& field, bool is_usual) {
  const Reflection& reflection = *message.GetReflection();
  const bool adds = field.is_repeated();
  const auto set = [&](auto add, auto set_one, auto value) {
    if (adds) {
      (reflection.*add)(&message, &field, std::move(value));
    } else {
      (reflection.*set_one)(&message, &field, std::move(value));
    }
  };
  switch (field.cpp_type()) {
    case Field::CPPTYPE_STRING:
      return set(&Reflection::AddString, &Reflection::SetString, Text(field.name(), is_usual));
    case Field::CPPTYPE_BOOL:
      return set(&Reflection::AddBool, &Reflection::SetBool, (in_.Byte() & 1) != 0);
    case Field::CPPTYPE_INT32:
      return set(&Reflection::AddInt32, &Reflection::SetInt32,
                 static_cast<int32_t>(Number(field.name(), is_usual)));
    case Field::CPPTYPE_INT64:
      return set(&Reflection::AddInt64, &Reflection::SetInt64, Number(field.name(), is_usual));
    case Field::CPPTYPE_UINT32:
      return set(&Reflection::AddUInt32, &Reflection::SetUInt32,
                 static_cast<uint32_t>(Number(field.name(), is_usual)));
    case Field::CPPTYPE_UINT64:
      return set(&Reflection::AddUInt64, &Reflection::SetUInt64,
                 static_cast<uint64_t>(Number(field.name(), is_usual)));
    case Field::CPPTYPE_ENUM: {
      const int count = field.enum_type()->value_count();
      const uint8_t choice = in_.Byte();
      // One that isn't there; else any, or any but the first, which means none.
      int value = 77;
      if (is_usual || choice < 240) {
        const int from = is_usual && count > 1 ? 1 : 0;
        value = field.enum_type()->value(from + choice % (count - from))->number();
      }
      return set(&Reflection::AddEnumValue, &Reflection::SetEnumValue, value);
    }
    default:
      return;  // the contract has no others
  }
}

// ---- What a caller would set ----

// The entries that some maps must have.
void MessageBuilder::FillMap(Message& message, const Field& field, int depth) {
  static const std::map<std::string, std::vector<std::string>> kKeys = {
      {"attributes", {"payee"}}, {"key", {"account_id", "order_id"}}, {"parts", {"net", "fee"}}};
  const auto keys = kKeys.find(field.name());
  if (keys == kKeys.end() || in_.Byte() % 4 == 0) return;
  for (const std::string& key : keys->second) {
    Message& entry = *message.GetReflection()->AddMessage(&message, &field);
    const Field& value = *entry.GetDescriptor()->map_value();
    entry.GetReflection()->SetString(&entry, entry.GetDescriptor()->map_key(), key);
    if (value.cpp_type() == Field::CPPTYPE_STRING) {
      entry.GetReflection()->SetString(&entry, &value, Text(key, true));
    } else if (field.name() == "attributes") {
      Message& typed = *entry.GetReflection()->MutableMessage(&entry, &value);
      typed.GetReflection()->SetString(&typed,
                                       typed.GetDescriptor()->FindFieldByName("string_value"),
                                       absl::StrCat("p", 1 + in_.Byte() % 3));
    } else {
      Fill(*entry.GetReflection()->MutableMessage(&entry, &value), depth + 1);
    }
  }
}

bool MessageBuilder::FillField(Message& message, const Field& field, int depth) {
  if (field.is_map()) {
    FillMap(message, field, depth);
    return true;
  }
  if (field.cpp_type() == Field::CPPTYPE_MESSAGE) {
    // What a row said before is left out by inserts, and most rows are.
    if (!IsUsualMessage(field.name()) || (field.name() == "before" && in_.Byte() % 4 != 0)) {
      return false;
    }
    const Reflection& reflection = *message.GetReflection();
    for (int count = field.is_repeated() ? 1 + in_.Byte() % 3 : 1; count > 0; --count) {
      Fill(field.is_repeated() ? *reflection.AddMessage(&message, &field)
                               : *reflection.MutableMessage(&message, &field),
           depth + 1);
    }
    return true;
  }
  const bool is_text = field.cpp_type() == Field::CPPTYPE_STRING;
  const bool is_known = is_text ? UsualTexts().contains(field.name())
                                : field.cpp_type() == Field::CPPTYPE_ENUM ||
                                      field.name() == "minor_units" || field.name() == "calls" ||
                                      field.name() == "version";
  if (!is_known || field.is_repeated()) return false;
  SetScalar(message, field, true);
  return true;
}

void MessageBuilder::Fill(Message& message, int depth) {
  if (depth > kDepthMax) return;
  const google::protobuf::Descriptor& descriptor = *message.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const Field& field = *descriptor.field(i);
    // Of alternatives, the first that can be filled.
    const google::protobuf::OneofDescriptor* oneof = field.real_containing_oneof();
    if (oneof != nullptr && message.GetReflection()->HasOneof(message, oneof)) continue;
    FillField(message, field, depth);
  }
}

// ---- What nobody would ----

void MessageBuilder::Edit(Message& message, int depth) {
  if (IsTime(message)) return SetTime(message);
  const google::protobuf::Descriptor& descriptor = *message.GetDescriptor();
  if (descriptor.field_count() == 0) return;
  const Field& field = *descriptor.field(in_.Byte() % descriptor.field_count());
  const Reflection& reflection = *message.GetReflection();
  const uint8_t how = in_.Byte();
  if (how % 8 == 0) return reflection.ClearField(&message, &field);
  if (field.cpp_type() != Field::CPPTYPE_MESSAGE) return SetScalar(message, field, false);
  if (!field.is_repeated()) {
    if (depth < kDepthMax) Edit(*reflection.MutableMessage(&message, &field), depth + 1);
    return;
  }
  const int size = reflection.FieldSize(message, &field);
  if (size > 0 && how % 2 == 0 && depth < kDepthMax) {
    return Edit(*reflection.MutableRepeatedMessage(&message, &field, in_.Byte() % size), depth + 1);
  }
  Message& added = *reflection.AddMessage(&message, &field);
  Fill(added, depth + 1);
  if (depth < kDepthMax) Edit(added, depth + 1);
  // Many of the same.
  const int copies = how >= 248 ? 10'001 : how >= 240 ? 100 : 0;
  for (int i = 0; i < copies && size < 2; ++i) {
    reflection.AddMessage(&message, &field)->CopyFrom(added);
  }
}

}  // namespace fundgate::fuzz
