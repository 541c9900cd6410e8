#include "server/expression/time.h"

#include "server/expression/functions/tables.h"

namespace fundgate::expression {
namespace {

using Arguments = std::span<const Value>;

constexpr char kNoZone[] =
    "the zone must be \"UTC\" or a fixed offset like \"+08:00\"; names of zones are part of CEL, "
    "but not of this language";

Value Same(Arguments arguments) { return arguments[0]; }
Value TimestampOfText(Arguments arguments) { return ReadTimestamp(arguments[0].string_value()); }
Value TimestampOfInt(Arguments arguments) { return MakeTimestamp(arguments[0].int_value(), 0); }
Value DurationOfText(Arguments arguments) { return ReadDuration(arguments[0].string_value()); }

// A field of a timestamp, in UTC or the zone of the second argument.
template <auto kField, int kFrom = 0>
Value Part(Arguments arguments) {
  int64_t offset = 0;
  if (arguments.size() == 2) {
    const std::optional<int64_t> zone = ReadOffset(arguments[1].string_value());
    if (!zone.has_value()) return Value::Error(ErrorCode::kNotSupported);
    offset = *zone;
  }
  return Value::Int(ToCivil(arguments[0], offset).*kField + kFrom);
}

template <int64_t kNanoseconds>
Value Whole(Arguments arguments) {
  return Value::Int(arguments[0].duration_nanoseconds() / kNanoseconds);
}

// What is beyond the whole seconds.
Value MillisecondsOfDuration(Arguments arguments) {
  return Value::Int(arguments[0].duration_nanoseconds() / 1'000'000 % 1000);
}

std::optional<LoadIssue> CheckZone(std::span<const Value* const> arguments) {
  const Value* zone = arguments[1];
  const bool known =
      zone == nullptr || !zone->is_string() || ReadOffset(zone->string_value()).has_value();
  return known ? std::nullopt : std::optional(LoadIssue{1, kNoZone});
}

struct Getter {
  const char* name;
  Value (*of_timestamp)(Arguments);
};

constexpr Getter kGetters[] = {
    {"getFullYear", &Part<&CivilTime::year>},
    {"getMonth", &Part<&CivilTime::month>},
    {"getDate", &Part<&CivilTime::day_of_month, 1>},
    {"getDayOfMonth", &Part<&CivilTime::day_of_month>},
    {"getDayOfWeek", &Part<&CivilTime::day_of_week>},
    {"getDayOfYear", &Part<&CivilTime::day_of_year>},
    {"getHours", &Part<&CivilTime::hour>},
    {"getMinutes", &Part<&CivilTime::minute>},
    {"getSeconds", &Part<&CivilTime::second>},
    {"getMilliseconds", &Part<&CivilTime::millisecond>},
};

}  // namespace

std::vector<Function> TimeFunctions() {
  const Type time = Type::Timestamp();
  const Type span = Type::Duration();
  std::vector<Function> table = {
      {"timestamp", false, {time}, time, &Same},
      {"timestamp", false, {Type::String()}, time, &TimestampOfText},
      {"timestamp", false, {Type::Int()}, time, &TimestampOfInt},
      {"duration", false, {span}, span, &Same},
      {"duration", false, {Type::String()}, span, &DurationOfText},
      {"getHours", true, {span}, Type::Int(), &Whole<3'600'000'000'000>},
      {"getMinutes", true, {span}, Type::Int(), &Whole<60'000'000'000>},
      {"getSeconds", true, {span}, Type::Int(), &Whole<1'000'000'000>},
      {"getMilliseconds", true, {span}, Type::Int(), &MillisecondsOfDuration},
  };
  for (const Getter& getter : kGetters) {
    table.push_back({getter.name, true, {time}, Type::Int(), getter.of_timestamp});
    table.push_back(
        {getter.name, true, {time, Type::String()}, Type::Int(), getter.of_timestamp, &CheckZone});
  }
  return table;
}

}  // namespace fundgate::expression
