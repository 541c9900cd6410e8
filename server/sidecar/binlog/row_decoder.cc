#include "server/sidecar/binlog/row_decoder.h"

#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "server/sidecar/binlog/decimal.h"
#include "server/sidecar/binlog/inflate.h"
#include "server/sidecar/binlog/json.h"
#include "server/sidecar/binlog/temporal.h"

namespace fundgate::binlog {
namespace {

bool HasBit(std::span<const uint8_t> bits, size_t index) {
  return (bits[index / 8] >> (index % 8) & 1) != 0;
}

// Number of the image's columns among `count`: each has a bit in the image's own map of NULLs.
size_t CountBits(std::span<const uint8_t> bits, size_t count) {
  size_t found = 0;
  for (size_t i = 0; i < count; ++i) found += HasBit(bits, i) ? 1 : 0;
  return found;
}

void ReadInteger(const ColumnPlan& plan, Bytes& in, Value& value) {
  const uint64_t bits = in.Little(plan.size);
  if (plan.is_unsigned) {
    value.kind = Value::Kind::kUint;
    value.integer = static_cast<int64_t>(bits);
    return;
  }
  const int unused = 64 - 8 * plan.size;
  value.kind = Value::Kind::kInt;
  value.integer = static_cast<int64_t>(bits << unused) >> unused;
}

void ReadUnsigned(uint64_t number, Value& value) {
  value.kind = Value::Kind::kUint;
  value.integer = static_cast<int64_t>(number);
}

// Bytes that a column takes after what is read here of `in`.
uint64_t SizeOf(const ColumnPlan& plan, Bytes& in) {
  switch (plan.layout) {
    case Layout::kInteger:
    case Layout::kBit:
    case Layout::kEnum:
    case Layout::kSet:
      return plan.size;
    case Layout::kYear:
      return 1;
    case Layout::kFloat:
    case Layout::kTimestampOld:
      return 4;
    case Layout::kDouble:
    case Layout::kDateTimeOld:
      return 8;
    case Layout::kDecimal:
      return DecimalSize(plan.length, plan.size);
    case Layout::kDate:
    case Layout::kTimeOld:
      return 3;
    case Layout::kTime:
      return 3 + FractionSize(plan.size);
    case Layout::kDateTime:
      return 5 + FractionSize(plan.size);
    case Layout::kTimestamp:
      return 4 + FractionSize(plan.size);
    case Layout::kString:
    case Layout::kCompressedString:
    case Layout::kJson:
      return in.Little(plan.size);
    case Layout::kUnknown:
      break;
  }
  in.Fail();
  return 0;
}

}  // namespace

bool RowDecoder::Misfit(const MappedTable& mapped, size_t column, const char* what) {
  const Column& named = mapped.table.columns[column];
  problem_ =
      absl::StrCat("a row of ", mapped.table.database, ".", mapped.table.name, ", column ",
                   column + 1, named.name.empty() ? "" : " (" + named.name + ")", ": ", what);
  return false;
}

bool RowDecoder::Decode(const MappedTable& mapped, std::span<const uint8_t> present, Bytes& in,
                        Arena& arena, std::vector<Value>& values) {
  const size_t count = mapped.plans.size();
  values.resize(count);
  const std::span<const uint8_t> nulls = in.Take((CountBits(present, count) + 7) / 8);
  if (!in.ok()) return Misfit(mapped, 0, "its bytes end before it does");
  size_t number = 0;
  for (size_t i = 0; i < count; ++i) {
    Value& value = values[i];
    value = Value();
    if (!HasBit(present, i)) continue;
    if (HasBit(nulls, number++)) {
      value.kind = Value::Kind::kNull;
      continue;
    }
    const bool fits = DecodeColumn(mapped.plans[i], mapped.table.columns[i], in, arena, value);
    if (!in.ok()) [[unlikely]]
      return Misfit(mapped, i, "its bytes end before it does");
    if (!fits) [[unlikely]]
      return Misfit(mapped, i, "its bytes are no value of its type");
  }
  return true;
}

bool RowDecoder::Skip(const MappedTable& mapped, std::span<const uint8_t> present, Bytes& in) {
  const size_t count = mapped.plans.size();
  const std::span<const uint8_t> nulls = in.Take((CountBits(present, count) + 7) / 8);
  size_t number = 0;
  for (size_t i = 0; in.ok() && i < count; ++i) {
    if (HasBit(present, i) && !HasBit(nulls, number++)) in.Take(SizeOf(mapped.plans[i], in));
    if (!in.ok()) return Misfit(mapped, i, "its bytes end before it does");
  }
  return in.ok();
}

bool RowDecoder::DecodeColumn(const ColumnPlan& plan, const Column& column, Bytes& in, Arena& arena,
                              Value& value) {
  switch (plan.layout) {
    case Layout::kInteger:
      ReadInteger(plan, in, value);
      return true;
    case Layout::kYear: {
      const uint64_t year = in.Byte();
      ReadUnsigned(year == 0 ? 0 : year + 1900, value);
      return true;
    }
    case Layout::kFloat:
      value.kind = Value::Kind::kFloat;
      value.real = std::bit_cast<float>(static_cast<uint32_t>(in.Little(4)));
      return true;
    case Layout::kDouble:
      value.kind = Value::Kind::kDouble;
      value.real = std::bit_cast<double>(in.Little(8));
      return true;
    case Layout::kDecimal:
      value.kind = Value::Kind::kDecimal;
      return ReadDecimal(in, plan.length, plan.size, arena, value.text);
    case Layout::kBit:
      ReadUnsigned(in.Big(plan.size), value);
      return true;
    case Layout::kEnum:
    case Layout::kSet:
      DecodeLabels(plan, column, in, arena, value);
      return true;
    case Layout::kDate:
      ReadDate(in, arena, value);
      return true;
    case Layout::kTimeOld:
      ReadTimeOld(in, arena, value);
      return true;
    case Layout::kDateTimeOld:
      ReadDateTimeOld(in, arena, value);
      return true;
    case Layout::kTimestampOld:
      ReadTimestampOld(in, arena, value);
      return true;
    case Layout::kTime:
      ReadTime(in, plan.size, arena, value);
      return true;
    case Layout::kDateTime:
      ReadDateTime(in, plan.size, arena, value);
      return true;
    case Layout::kTimestamp:
      ReadTimestamp(in, plan.size, arena, value);
      return true;
    case Layout::kString:
    case Layout::kCompressedString:
    case Layout::kJson:
      return DecodeString(plan, in, arena, value);
    case Layout::kUnknown:
      break;
  }
  return false;
}

void RowDecoder::DecodeLabels(const ColumnPlan& plan, const Column& column, Bytes& in, Arena& arena,
                              Value& value) {
  const uint64_t number = in.Little(plan.size);
  const std::vector<std::string>& labels = column.labels;
  ReadUnsigned(number, value);
  if (labels.empty()) return;
  if (plan.layout == Layout::kEnum) {
    if (number > labels.size()) return;
    value.kind = Value::Kind::kEnum;
    if (number > 0) value.text = labels[number - 1];
    return;
  }
  if (labels.size() < 64 && number >> labels.size() != 0) return;
  value.kind = Value::Kind::kSet;
  size_t size = 0;
  for (const std::string& label : labels) size += label.size() + 1;
  char* out = arena.Reserve(size);
  for (size_t i = 0; i < labels.size() && i < 64; ++i) {
    if ((number >> i & 1) == 0) continue;
    if ((number & ((uint64_t{1} << i) - 1)) != 0) *out++ = ',';
    out = std::copy(labels[i].begin(), labels[i].end(), out);
  }
  value.text = arena.Finish(out);
}

bool RowDecoder::DecodeText(const ColumnPlan& plan, std::string_view bytes, Arena& arena,
                            Value& value) {
  const std::optional<std::string_view> text = transcoder_.ToUtf8(*plan.charset, bytes, arena);
  value.kind = text.has_value() ? Value::Kind::kText : Value::Kind::kBytes;
  value.text = text.value_or(bytes);
  if (!plan.filled_up || bytes.size() >= plan.length) return true;
  char* out = arena.Reserve(plan.length);
  out = std::copy(bytes.begin(), bytes.end(), out);
  value.text = arena.Finish(std::fill_n(out, plan.length - bytes.size(), '\0'));
  return true;
}

bool RowDecoder::DecodeString(const ColumnPlan& plan, Bytes& in, Arena& arena, Value& value) {
  const std::span<const uint8_t> bytes = in.Take(in.Little(plan.size));
  if (plan.layout == Layout::kString) return DecodeText(plan, AsText(bytes), arena, value);
  if (plan.layout == Layout::kJson) {
    value.kind = Value::Kind::kText;
    return in.ok() && JsonToText(bytes, arena, value.text);
  }
  const absl::StatusOr<std::string_view> inflated = InflateColumn(bytes, arena);
  return inflated.ok() && DecodeText(plan, *inflated, arena, value);
}

}  // namespace fundgate::binlog
