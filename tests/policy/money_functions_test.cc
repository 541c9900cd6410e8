#include "server/policy/money_functions.h"

#include <optional>
#include <span>
#include <string>

#include "gtest/gtest.h"
#include "server/expression/program.h"

namespace fundgate::policy {
namespace {

using expression::Type;
using expression::Value;

expression::Compiled Compile(const std::string& text, const Type& expected) {
  expression::Environment environment;
  EXPECT_TRUE(AddMoney(environment).ok());
  EXPECT_TRUE(environment.AddVariable("amount", Type::Dynamic()).ok());
  return expression::Compile(environment, text, expected);
}

// The result with the variable `amount` set; an error's text if it fails.
std::string ResultOf(const std::string& text, Value amount = Value::Null()) {
  const expression::Compiled compiled = Compile(text, MoneyType());
  if (!compiled.ok()) return "at load: " + compiled.issues[0].message;
  const Value result = compiled.program->Evaluate(std::span<const Value>(&amount, 1));
  if (result.is_error()) return std::string(result.error_text());
  return ToMoney(result).ToString();
}

TEST(MoneyFunctions, ReadAmountsOfRowsExactly) {
  EXPECT_EQ(ResultOf("money(amount, 'CNY', 'major')", Value::String("12.34")), "CNY 12.34");
  EXPECT_EQ(ResultOf("money(amount, 'CNY', 'major')", Value::String("-0.5")), "CNY -0.50");
  EXPECT_EQ(ResultOf("money(amount, 'CNY', 'major')", Value::Int(12)), "CNY 12.00");
  EXPECT_EQ(ResultOf("money(amount, 'CNY', 'minor')", Value::Int(1234)), "CNY 12.34");
  EXPECT_EQ(ResultOf("money(amount, 'JPY', 'major')", Value::String("1200")), "JPY 1200");
  EXPECT_EQ(ResultOf("money(amount, 'KWD', 'major')", Value::String("0.005")), "KWD 0.005");
}

TEST(MoneyFunctions, ZerosThatADecimalColumnPadsWithAreExact) {
  EXPECT_EQ(ResultOf("money(amount, 'CNY', 'major')", Value::String("12.3400")), "CNY 12.34");
  EXPECT_EQ(ResultOf("money(amount, 'JPY', 'major')", Value::String("1200.00")), "JPY 1200");
}

TEST(MoneyFunctions, WhatIsInexactOrNoNumberFails) {
  for (const char* text :
       {"12.345", "", "-", ".5", "5.", "1e3", " 1", "1,000", "0x10", "92233720368547758.08"}) {
    EXPECT_EQ(ResultOf("money(amount, 'CNY', 'major')", Value::String(text)),
              "the amount is no exact number of minor units of its currency")
        << text;
  }
  EXPECT_EQ(ResultOf("money(amount, 'CNY', 'major')", Value::Int(INT64_MAX)),
            "the amount does not fit in 64 bits");
}

TEST(MoneyFunctions, TheWholeRangeOf64BitsIsThere) {
  EXPECT_EQ(ResultOf("money(amount, 'CNY', 'major')", Value::String("92233720368547758.07")),
            "CNY 92233720368547758.07");
  EXPECT_EQ(ResultOf("money(amount, 'CNY', 'minor')", Value::String("-9223372036854775808")),
            "CNY -92233720368547758.08");
}

TEST(MoneyFunctions, FloatingPointIsNoMoney) {
  EXPECT_EQ(ResultOf("money(amount, 'CNY', 'major')", Value::Double(12.5)),
            "an amount is read from text or a whole number; floating point and null are no money");
}

TEST(MoneyFunctions, LiteralsAreCheckedAtLoad) {
  EXPECT_EQ(ResultOf("money('CNY 10000')"), "CNY 10000.00");
  EXPECT_EQ(ResultOf("money('CNY 1.005')").substr(0, 8), "at load:");
  EXPECT_EQ(ResultOf("money('CNX 1.00')").substr(0, 8), "at load:");
  EXPECT_EQ(ResultOf("money(amount, 'CNX', 'major')").substr(0, 8), "at load:");
  EXPECT_EQ(ResultOf("money(amount, 'CNY', 'whole')").substr(0, 8), "at load:");
  EXPECT_EQ(ResultOf("money(amount)").substr(0, 8), "at load:");
}

TEST(MoneyFunctions, OneCurrencyIsAddedAndCompared) {
  EXPECT_EQ(ResultOf("money('CNY 1.00') + money('CNY 0.50') - money('CNY 2.00')"), "CNY -0.50");
  EXPECT_TRUE(Compile("money('CNY 1.00') < money('CNY 1.01')", Type::Bool()).ok());
}

TEST(MoneyFunctions, TwoCurrenciesAreRefusedAtLoadWhereBothAreKnown) {
  for (const char* text :
       {"money('CNY 1') < money('USD 1')", "money('CNY 1') == money('USD 1')",
        "money('CNY 1') + money('USD 1') > money('CNY 1')",
        "money(amount, 'CNY', 'major') < money('USD 1')",
        "money(amount, 'CNY', 'minor') - money('USD 1') > money('CNY 0')",
        "money(amount, 'CNY', 'major') + money('CNY 1') != money(amount, 'USD', 'major')",
        "(amount == 1 ? money('CNY 1') : money('CNY 2')) >= money('USD 1')"}) {
    const expression::Compiled compiled = Compile(text, Type::Bool());
    ASSERT_EQ(compiled.issues.size(), 1u) << text;
    EXPECT_EQ(compiled.issues[0].message,
              "amounts in two currencies can't be compared, added or subtracted");
  }
}

TEST(MoneyFunctions, TwoCurrenciesThatOnlyTheRunKnowsFailThere) {
  const expression::Compiled compiled =
      Compile("money(amount, 'CNY', 'major') < (amount == '1' ? money('CNY 1') : money('USD 1'))",
              Type::Bool());
  ASSERT_TRUE(compiled.ok()) << compiled.issues[0].message;
  const Value two = Value::String("2");
  EXPECT_EQ(compiled.program->Evaluate(std::span<const Value>(&two, 1)).error_text(),
            "amounts in two currencies can't be compared, added or subtracted");
}

}  // namespace
}  // namespace fundgate::policy
