// Runs the public conformance cases of CEL: whatever loads must mean what CEL says.
//
// The files are looked for in the folder `cel` of the directory that the environment variable
// FUNDGATE_TESTDATA names, else of the one CMake was given as FUNDGATE_TESTDATA_DIR.
#include <cmath>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/expression/program.h"
#include "tests/expression/textproto.h"

namespace fundgate::expression {
namespace {

std::filesystem::path Folder() {
  const char* given = std::getenv("FUNDGATE_TESTDATA");
  return std::filesystem::path(given != nullptr ? given : FUNDGATE_TESTDATA_DIR) / "cel";
}

// A number of one of absl's readers; the suite's own text is trusted to be one.
template <typename Number>
Number Read(bool (*read)(absl::string_view, Number*), const std::string& text) {
  Number number{};
  EXPECT_TRUE(read(text, &number)) << text;
  return number;
}

// The declared type, or nothing for types that this implementation does not have.
std::optional<Type> ToType(const TextMessage& type) {
  if (type.Find("null") != nullptr) return Type::Null();
  if (type.Find("dyn") != nullptr) return Type::Dynamic();
  if (const TextMessage* list = type.Message("list_type")) {
    const TextMessage* element = list->Message("elem_type");
    const std::optional<Type> inner = element != nullptr ? ToType(*element) : std::nullopt;
    return inner ? std::optional(Type::List(*inner)) : std::nullopt;
  }
  const std::string primitive = type.Scalar("primitive");
  if (primitive == "BOOL") return Type::Bool();
  if (primitive == "INT64") return Type::Int();
  if (primitive == "UINT64") return Type::Uint();
  if (primitive == "DOUBLE") return Type::Double();
  if (primitive == "STRING") return Type::String();
  return std::nullopt;
}

// One case with what it owns.
class Case {
 public:
  enum class Outcome { kPassed, kFailed, kRefused };

  explicit Case(const TextMessage& test) : test_(test) {}

  Outcome Run(std::string* report) {
    // Scopes of names, and what is said about types alone, are not part of this language.
    if (test_.Find("container") != nullptr || OnlyDeducesAType()) return Outcome::kRefused;
    Declare();
    const std::string source = test_.Scalar("expr");
    const Compiled compiled = Compile(environment_, source, Type::Dynamic());
    if (!compiled.ok()) return Outcome::kRefused;
    const std::optional<std::vector<Value>> frame = Frame();
    if (!frame) return Outcome::kRefused;
    const Value value = compiled.program->Evaluate(*frame);
    const bool error_wanted =
        test_.Find("eval_error") != nullptr || test_.Find("any_eval_errors") != nullptr;
    const std::optional<Value> wanted = Wanted();
    const bool passed = error_wanted ? value.is_error() : wanted && Same(value, *wanted);
    if (passed) return Outcome::kPassed;
    *report += test_.Scalar("name") + ": " + source + " gave " + ToString(value) + ", wanted " +
               (error_wanted ? "an error"
                : wanted     ? ToString(*wanted)
                             : "a value of a type that must not load") +
               "\n";
    return Outcome::kFailed;
  }

 private:
  void Declare() {
    for (const TextMessage* declaration : test_.All("type_env")) {
      const TextMessage* identifier = declaration->Message("ident");
      const TextMessage* type = identifier != nullptr ? identifier->Message("type") : nullptr;
      const std::optional<Type> known = type != nullptr ? ToType(*type) : std::nullopt;
      // Names that the language reserves can't be declared; their cases say so by their values.
      if (known) environment_.AddVariable(declaration->Scalar("name"), *known).IgnoreError();
    }
    for (const TextMessage* binding : test_.All("bindings")) {
      const std::string name = binding->Scalar("key");
      if (environment_.FindVariable(name) != nullptr || test_.Find("type_env") != nullptr) continue;
      environment_.AddVariable(name, Type::Dynamic()).IgnoreError();
    }
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
    if (field.name == "string_value") {
      strings_.push_back(text);
      return Value::String(strings_.back());
    }
    if (field.name != "list_value") return std::nullopt;
    std::vector<Value> elements;
    for (const TextMessage* element : field.message->All("values")) {
      const std::optional<Value> known = ToValue(*element);
      if (!known) return std::nullopt;
      elements.push_back(*known);
    }
    lists_.push_back(std::move(elements));
    return Value::List(lists_.back());
  }

  // The same kind and the same value, NaN being NaN.
  static bool Same(const Value& a, const Value& b) {
    if (a.kind() != b.kind()) return false;
    if (a.is_double() && std::isnan(a.double_value())) return std::isnan(b.double_value());
    return Equals(a, b);
  }

  const TextMessage& test_;
  Environment environment_;
  std::deque<std::string> strings_;
  std::deque<std::vector<Value>> lists_;
};

// The first eight are this language's own ground; of the others nearly everything is refused, and
// the point is that nothing is misread.
struct FileCase {
  const char* name;
  int passed_min;  // so that refusing everything does not count as conforming
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
  int refused = 0;
  std::string report;
  for (const TextMessage* section : suite->All("section")) {
    for (const TextMessage* test : section->All("test")) {
      const Case::Outcome outcome = Case(*test).Run(&report);
      passed += outcome == Case::Outcome::kPassed ? 1 : 0;
      failed += outcome == Case::Outcome::kFailed ? 1 : 0;
      refused += outcome == Case::Outcome::kRefused ? 1 : 0;
    }
  }
  std::cout << GetParam().name << ": " << passed << " passed, " << failed << " failed, " << refused
            << " refused at load\n";
  EXPECT_EQ(failed, 0) << report;
  EXPECT_GE(passed, GetParam().passed_min);
}

INSTANTIATE_TEST_SUITE_P(
    Files, Conformance,
    ::testing::Values(FileCase{"basic", 34}, FileCase{"integer_math", 61}, FileCase{"logic", 21},
                      FileCase{"comparisons", 269}, FileCase{"parse", 93}, FileCase{"string", 45},
                      FileCase{"lists", 37}, FileCase{"fp_math", 29}, FileCase{"conversions", 50},
                      FileCase{"plumbing", 4}, FileCase{"type_deduction", 9},
                      FileCase{"dynamic", 0}, FileCase{"enums", 0}, FileCase{"fields", 0},
                      FileCase{"macros", 0}, FileCase{"macros2", 0}, FileCase{"math_ext", 0},
                      FileCase{"namespace", 0}, FileCase{"optionals", 0}, FileCase{"proto3", 0},
                      FileCase{"string_ext", 0}, FileCase{"timestamps", 0},
                      FileCase{"wrappers", 0}),
    [](const auto& parameter) { return std::string(parameter.param.name); });

}  // namespace
}  // namespace fundgate::expression
