// Runs the public conformance cases of CEL: whatever loads must mean what CEL says.
//
// The files are looked for in the folder `cel` of the directory that the environment variable
// FUNDGATE_TESTDATA names, else of the one CMake was given as FUNDGATE_TESTDATA_DIR.
#include <cmath>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/expression/map.h"
#include "server/expression/program.h"
#include "server/expression/standard.h"
#include "server/expression/time.h"
#include "tests/expression/textproto.h"
#include "tests/places/places.h"

namespace fundgate::expression {
namespace {

std::filesystem::path Folder() { return places::Testdata("cel"); }

// A number of one of absl's readers; the suite's own text is trusted to be one.
template <typename Number>
Number Read(bool (*read)(absl::string_view, Number*), const std::string& text) {
  Number number{};
  EXPECT_TRUE(read(text, &number)) << text;
  return number;
}

// `nullable` stands for protobuf's wrappers of numbers, which may be null.
std::optional<Type> ToPrimitive(const std::string& name, bool nullable) {
  const auto as = [&](const Type& type) { return nullable ? Type::Nullable(type) : type; };
  if (name == "BOOL") return as(Type::Bool());
  if (name == "INT64") return as(Type::Int());
  if (name == "UINT64") return as(Type::Uint());
  if (name == "DOUBLE") return as(Type::Double());
  if (name == "STRING") return as(Type::String());
  if (name == "BYTES") return as(Type::Bytes());
  return std::nullopt;
}

// The declared type, or nothing for types that this implementation does not have: messages, enums.
std::optional<Type> ToType(const TextMessage& type) {
  if (type.Find("null") != nullptr) return Type::Null();
  if (type.Find("dyn") != nullptr) return Type::Dynamic();
  if (const TextMessage* list = type.Message("list_type")) {
    const TextMessage* element = list->Message("elem_type");
    const std::optional<Type> inner = element != nullptr ? ToType(*element) : std::nullopt;
    return inner ? std::optional(Type::List(*inner)) : std::nullopt;
  }
  if (const TextMessage* map = type.Message("map_type")) {
    const TextMessage* key = map->Message("key_type");
    const TextMessage* value = map->Message("value_type");
    const std::optional<Type> k = key != nullptr ? ToType(*key) : std::nullopt;
    const std::optional<Type> v = value != nullptr ? ToType(*value) : std::nullopt;
    return k && v ? std::optional(Type::Map(*k, *v)) : std::nullopt;
  }
  // A time goes by the name of its message as well as by that of a well-known type.
  const std::string time = type.Scalar("message_type") + type.Scalar("well_known");
  if (time == "google.protobuf.Duration" || time == "DURATION") return Type::Duration();
  if (time == "google.protobuf.Timestamp" || time == "TIMESTAMP") return Type::Timestamp();
  if (type.Find("wrapper") != nullptr) return ToPrimitive(type.Scalar("wrapper"), true);
  return ToPrimitive(type.Scalar("primitive"), false);
}

// How a case ended, and why if it was refused.
struct Result {
  enum class Outcome { kPassed, kFailed, kRefused } outcome;
  std::string text;
};

Result Refused(std::string why) { return {Result::Outcome::kRefused, std::move(why)}; }

// One case with what it owns.
class Case {
 public:
  explicit Case(const TextMessage& test)
      : test_(test),
        environment_({.container = test.Scalar("container"),
                      .typed = test.Find("disable_check") == nullptr}) {}

  Result Run() {
    if (OnlyDeducesAType()) return Refused("only the deduced type is asked for");
    if (const std::string why = Declare(); !why.empty()) return Refused(why);
    const std::string source = Scalar("expr");
    const Compiled compiled = Compile(environment_, source, Type::Dynamic());
    if (!compiled.ok()) return Refused(compiled.issues[0].message);
    const std::optional<std::vector<Value>> frame = Frame();
    if (!frame) return Refused("a variable is bound to a message");
    const Value value = compiled.program->Evaluate(*frame, scratch_);
    const bool error_wanted =
        test_.Find("eval_error") != nullptr || test_.Find("any_eval_errors") != nullptr;
    const std::optional<Value> wanted = Wanted();
    const bool passed = error_wanted ? value.is_error() : wanted && Same(value, *wanted);
    if (passed) return {Result::Outcome::kPassed, ""};
    return {Result::Outcome::kFailed, source + " gave " + ToString(value) + ", wanted " +
                                          (error_wanted ? "an error"
                                           : wanted     ? ToString(*wanted)
                                                        : "a value of a type that must not load")};
  }

 private:
  std::string Scalar(std::string_view name) const { return test_.Scalar(name); }

  // Empty, or why the variables can't be declared.
  std::string Declare() {
    for (const TextMessage* declaration : test_.All("type_env")) {
      const TextMessage* identifier = declaration->Message("ident");
      const TextMessage* type = identifier != nullptr ? identifier->Message("type") : nullptr;
      if (type == nullptr) continue;  // functions; a call of one is refused where it stands
      const std::optional<Type> known = ToType(*type);
      if (!known) return "a variable is declared with the type of a message";
      // Names that the language reserves can't be declared; their cases say so by their values.
      environment_.AddVariable(declaration->Scalar("name"), *known).IgnoreError();
    }
    for (const TextMessage* binding : test_.All("bindings")) {
      const std::string name = binding->Scalar("key");
      if (environment_.FindVariable(name) != nullptr || test_.Find("type_env") != nullptr) continue;
      environment_.AddVariable(name, Type::Dynamic()).IgnoreError();
    }
    return "";
  }

  bool OnlyDeducesAType() const {
    const TextMessage* typed = test_.Message("typed_result");
    return typed != nullptr && typed->Message("result") == nullptr;
  }

  // Nothing if a variable is bound to a value that this language does not have.
  std::optional<std::vector<Value>> Frame() {
    std::vector<Value> frame(environment_.slots().size());
    for (const TextMessage* binding : test_.All("bindings")) {
      const absl::StatusOr<uint32_t> slot = environment_.SlotOf(binding->Scalar("key"));
      const TextMessage* outer = binding->Message("value");
      const TextMessage* value = outer != nullptr ? outer->Message("value") : nullptr;
      if (!slot.ok() || value == nullptr) continue;
      const std::optional<Value> known = ToValue(*value);
      if (!known) return std::nullopt;
      frame.at(*slot) = *known;
    }
    return frame;
  }

  std::optional<Value> Wanted() {
    if (const TextMessage* value = test_.Message("value")) return ToValue(*value);
    if (const TextMessage* typed = test_.Message("typed_result")) {
      const TextMessage* value = typed->Message("result");
      return value != nullptr ? ToValue(*value) : std::nullopt;
    }
    if (test_.Find("unknown") != nullptr || test_.Find("any_unknowns") != nullptr) {
      return std::nullopt;
    }
    return Value::Bool(true);
  }

  std::optional<Value> ToValue(const TextMessage& value) {
    if (value.fields.size() != 1) return std::nullopt;
    const TextField& field = value.fields[0];
    const std::string& text = field.scalar;
    if (field.name == "null_value") return Value::Null();
    if (field.name == "bool_value") return Value::Bool(text == "true");
    if (field.name == "int64_value") return Value::Int(Read<int64_t>(absl::SimpleAtoi, text));
    if (field.name == "uint64_value") return Value::Uint(Read<uint64_t>(absl::SimpleAtoi, text));
    if (field.name == "double_value") return Value::Double(Read<double>(absl::SimpleAtod, text));
    if (field.name == "string_value") return Value::String(Keep(text));
    if (field.name == "bytes_value") return Value::Bytes(Keep(text));
    if (field.name == "type_value") return FindTypeName(text);
    if (field.name == "list_value") return ToList(*field.message);
    if (field.name == "map_value") return ToMap(*field.message);
    if (field.name == "object_value") return ToTime(*field.message);
    return std::nullopt;
  }

  const std::string& Keep(const std::string& text) { return strings_.emplace_back(text); }

  std::optional<Value> ToList(const TextMessage& list) {
    std::vector<Value> elements;
    for (const TextMessage* element : list.All("values")) {
      const std::optional<Value> known = ToValue(*element);
      if (!known) return std::nullopt;
      elements.push_back(*known);
    }
    return Value::List(lists_.emplace_back(std::move(elements)));
  }

  std::optional<Value> ToMap(const TextMessage& map) {
    std::vector<Value> entries;
    for (const TextMessage* entry : map.All("entries")) {
      for (const char* part : {"key", "value"}) {
        const TextMessage* value = entry->Message(part);
        const std::optional<Value> known = value != nullptr ? ToValue(*value) : std::nullopt;
        if (!known) return std::nullopt;
        entries.push_back(*known);
      }
    }
    if (!SortMap(entries)) return std::nullopt;
    return Value::Map(lists_.emplace_back(std::move(entries)));
  }

  // Messages in the place of a value: only the two of time are values of this language.
  static std::optional<Value> ToTime(const TextMessage& object) {
    const TextField& field = object.fields.at(0);
    const auto number = [&](const char* name) {
      const bool given = field.message->Find(name) != nullptr;
      return given ? Read<int64_t>(absl::SimpleAtoi, field.message->Scalar(name)) : 0;
    };
    if (field.name == "[type.googleapis.com/google.protobuf.Duration]") {
      return Value::Duration(number("seconds") * 1'000'000'000 + number("nanos"));
    }
    if (field.name == "[type.googleapis.com/google.protobuf.Timestamp]") {
      return MakeTimestamp(number("seconds"), number("nanos"));
    }
    return std::nullopt;
  }

  // The same kind and the same value, NaN being NaN.
  static bool Same(const Value& a, const Value& b) {
    if (a.kind() != b.kind()) return false;
    if (a.is_double() && std::isnan(a.double_value())) return std::isnan(b.double_value());
    return Equals(a, b);
  }

  const TextMessage& test_;
  Environment environment_;
  Scratch scratch_;
  std::deque<std::string> strings_;
  std::deque<std::vector<Value>> lists_;
};

// What each file must come to, exactly: a case that is refused although it passed before is a loss
// like one that fails. None may fail.
struct FileCase {
  const char* name;
  int passed;
  int refused;
};

class Conformance : public ::testing::TestWithParam<FileCase> {};

TEST_P(Conformance, WhatLoadsMeansWhatCelSays) {
  const std::filesystem::path path = Folder() / (std::string(GetParam().name) + ".textproto");
  std::ifstream file(path);
  if (!file) {
    GTEST_SKIP() << "The conformance cases of CEL are not on this machine: " << path
                 << " can't be read. Set FUNDGATE_TESTDATA to the directory that holds cel/.";
  }
  std::stringstream text;
  text << file.rdbuf();
  const std::optional<TextMessage> suite = ReadTextproto(text.str());
  ASSERT_TRUE(suite.has_value()) << path;
  int passed = 0;
  int failed = 0;
  std::map<std::string, std::vector<std::string>> refused;  // cases by their reason
  int refused_count = 0;
  for (const TextMessage* section : suite->All("section")) {
    for (const TextMessage* test : section->All("test")) {
      const Result result = Case(*test).Run();
      const std::string name = section->Scalar("name") + "/" + test->Scalar("name");
      passed += result.outcome == Result::Outcome::kPassed ? 1 : 0;
      if (result.outcome == Result::Outcome::kRefused) {
        refused[result.text].push_back(name);
        ++refused_count;
      }
      if (result.outcome != Result::Outcome::kFailed) continue;
      ++failed;
      ADD_FAILURE() << name << ": " << result.text;
    }
  }
  std::printf("| %-14s | %4d passed | %d failed | %3d refused at load |\n", GetParam().name, passed,
              failed, refused_count);
  for (const auto& [reason, names] : refused) {
    std::printf("      %zu refused: %s (%s%s)\n", names.size(), reason.c_str(), names[0].c_str(),
                names.size() > 1 ? ", ..." : "");
  }
  EXPECT_EQ(passed, GetParam().passed);
  EXPECT_EQ(refused_count, GetParam().refused);
}

INSTANTIATE_TEST_SUITE_P(
    Files, Conformance,
    ::testing::Values(
        // This language's own ground: what is refused needs protobuf's messages, or zones by name.
        FileCase{"basic", 43, 0}, FileCase{"integer_math", 64, 0}, FileCase{"fp_math", 30, 0},
        FileCase{"logic", 30, 0}, FileCase{"comparisons", 334, 72}, FileCase{"string", 51, 0},
        FileCase{"lists", 39, 0}, FileCase{"parse", 193, 26}, FileCase{"macros", 44, 0},
        FileCase{"macros2", 46, 0}, FileCase{"conversions", 109, 0}, FileCase{"timestamps", 73, 5},
        FileCase{"fields", 60, 0}, FileCase{"plumbing", 5, 0}, FileCase{"string_ext", 213, 3},
        FileCase{"math_ext", 199, 0}, FileCase{"bindings_ext", 8, 0}, FileCase{"namespace", 14, 0},
        // Of these nearly everything is refused, and the point is that nothing is misread.
        FileCase{"type_deduction", 12, 35}, FileCase{"dynamic", 0, 226}, FileCase{"enums", 0, 85},
        FileCase{"optionals", 0, 70}, FileCase{"proto3", 0, 85}, FileCase{"wrappers", 0, 36},
        FileCase{"block_ext", 0, 37}, FileCase{"encoders_ext", 0, 4},
        FileCase{"network_ext", 1, 68}),
    [](const auto& parameter) { return std::string(parameter.param.name); });

}  // namespace
}  // namespace fundgate::expression
