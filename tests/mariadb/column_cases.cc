#include "tests/mariadb/column_cases.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace fundgate::mariadb_testing {
namespace {

using ValueKind = binlog::Value::Kind;

// "SET('v1','v2')" for SET and 2.
std::string WithLabels(const char* type, int count) {
  std::vector<std::string> labels;
  for (int i = 1; i <= count; ++i) labels.push_back(absl::StrCat("'v", i, "'"));
  return absl::StrCat(type, "(", absl::StrJoin(labels, ","), ")");
}

}  // namespace

const std::vector<ColumnCase>& ColumnCases() {
  static const auto* kCases = new std::vector<ColumnCase>{
      {"TINYINT", "$", ValueKind::kInt, {"-128", "127", "0", "-1"}},
      {"TINYINT UNSIGNED", "$", ValueKind::kUint, {"0", "255", "128"}},
      {"SMALLINT", "$", ValueKind::kInt, {"-32768", "32767"}},
      {"SMALLINT UNSIGNED", "$", ValueKind::kUint, {"0", "65535"}},
      {"MEDIUMINT", "$", ValueKind::kInt, {"-8388608", "8388607"}},
      {"MEDIUMINT UNSIGNED", "$", ValueKind::kUint, {"0", "16777215"}},
      {"INT", "$", ValueKind::kInt, {"-2147483648", "2147483647"}},
      {"INT UNSIGNED", "$", ValueKind::kUint, {"0", "4294967295"}},
      {"BIGINT", "$", ValueKind::kInt, {"-9223372036854775808", "9223372036854775807", "-7"}},
      {"BIGINT UNSIGNED", "$", ValueKind::kUint, {"0", "18446744073709551615"}},
      {"BOOLEAN", "$", ValueKind::kInt, {"TRUE", "FALSE"}},
      {"YEAR", "CAST($ AS UNSIGNED)", ValueKind::kUint, {"1901", "2155", "0000"}},
      {"DECIMAL(18,4)",
       "$",
       ValueKind::kDecimal,
       {"-12345678901234.5678", "99999999999999.9999", "0", "-0.0001", "0.00"}},
      {"DECIMAL(5,5)", "$", ValueKind::kDecimal, {"-0.12345", "0.99999", "0"}},
      {"DECIMAL(65,30)",
       "$",
       ValueKind::kDecimal,
       {"99999999999999999999999999999999999.999999999999999999999999999999",
        "-99999999999999999999999999999999999.999999999999999999999999999999", "1"}},
      {"DECIMAL(1,0) UNSIGNED", "$", ValueKind::kDecimal, {"9", "0"}},
      {"DECIMAL(38,38)",
       "$",
       ValueKind::kDecimal,
       {"-0.00000000000000000000000000000000000009", "0"}},
      {"DECIMAL(18,2) UNSIGNED", "$", ValueKind::kDecimal, {"9999999999999999.99", "0.01"}},
      {"INT(8) ZEROFILL", "$+0", ValueKind::kUint, {"7", "4294967295"}},
      {"DECIMAL(10,0)", "$", ValueKind::kDecimal, {"-1000000000", "1000000001", "-9"}},
      {"FLOAT",
       "CAST($ AS DOUBLE)",
       ValueKind::kFloat,
       {"-3.402823466e38", "1.175494351e-38", "0.1"}},
      {"DOUBLE",
       "$",
       ValueKind::kDouble,
       {"-1.7976931348623157e308", "2.2250738585072014e-308", "0.1"}},
      {"BIT(1)", "$+0", ValueKind::kUint, {"b'1'", "b'0'"}},
      {"BIT(8)", "$+0", ValueKind::kUint, {"b'11111111'", "b'10000000'"}},
      {"BIT(33)", "$+0", ValueKind::kUint, {"0x1ffffffff", "0x100000000"}},
      {"BIT(10)", "$+0", ValueKind::kUint, {"b'1111111111'", "b'1000000001'"}},
      {"BIT(64)", "$+0", ValueKind::kUint, {"0xffffffffffffffff", "0x8000000000000001"}},
      {"DATE",
       "$",
       ValueKind::kDate,
       {"'1000-01-01'", "'9999-12-31'", "'0000-00-00'", "'2024-02-29'"}},
      {"TIME", "$", ValueKind::kTime, {"'-838:59:59'", "'838:59:59'", "'00:00:00'", "'-00:00:01'"}},
      {"TIME(1)", "$", ValueKind::kTime, {"'-00:00:00.1'", "'-1:02:03.9'", "'100:00:00.5'"}},
      {"TIME(2)", "$", ValueKind::kTime, {"'-00:00:00.01'", "'-1:00:00.00'", "'1:02:03.99'"}},
      {"TIME(3)", "$", ValueKind::kTime, {"'-00:00:01.001'", "'838:59:59.999'"}},
      {"TIME(4)", "$", ValueKind::kTime, {"'-12:34:56.0001'", "'0:0:0.9999'"}},
      {"TIME(5)", "$", ValueKind::kTime, {"'-838:59:59.99999'", "'-00:00:00.00001'"}},
      {"TIME(6)",
       "$",
       ValueKind::kTime,
       {"'-838:59:59.000001'", "'-00:00:00.000001'", "'1:1:1.5'"}},
      {"DATETIME",
       "$",
       ValueKind::kDateTime,
       {"'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'", "'0000-00-00 00:00:00'"}},
      {"DATETIME(1)", "$", ValueKind::kDateTime, {"'2026-11-20 10:00:00.9'"}},
      {"DATETIME(2)", "$", ValueKind::kDateTime, {"'2026-11-20 10:00:00.09'", "'0000-00-00'"}},
      {"DATETIME(4)", "$", ValueKind::kDateTime, {"'1000-01-01 00:00:00.0001'"}},
      {"DATETIME(5)", "$", ValueKind::kDateTime, {"'9999-12-31 23:59:59.99999'"}},
      {"DATETIME(3)", "$", ValueKind::kDateTime, {"'9999-12-31 23:59:59.999'"}},
      {"DATETIME(6)",
       "$",
       ValueKind::kDateTime,
       {"'0001-01-01 00:00:00.000001'", "'9999-12-31 23:59:59.999999'"}},
      {"TIMESTAMP NULL",
       "$",
       ValueKind::kTimestamp,
       {"'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'0000-00-00'", "'2000-02-29 12:00:00'",
        "'2100-03-01'"}},
      {"TIMESTAMP(1) NULL", "$", ValueKind::kTimestamp, {"'1970-01-01 00:00:01.9'"}},
      {"TIMESTAMP(2) NULL", "$", ValueKind::kTimestamp, {"'2026-11-20 10:00:00.01'"}},
      {"TIMESTAMP(4) NULL", "$", ValueKind::kTimestamp, {"'2026-11-20 10:00:00.0001'"}},
      {"TIMESTAMP(5) NULL", "$", ValueKind::kTimestamp, {"'2038-01-19 03:14:07.99999'"}},
      {"TIMESTAMP(3) NULL",
       "$",
       ValueKind::kTimestamp,
       {"'2026-11-20 10:00:00.123'", "'0000-00-00'"}},
      {"TIMESTAMP(6) NULL", "$", ValueKind::kTimestamp, {"'2038-01-19 03:14:07.999999'"}},
      {"CHAR(10) CHARACTER SET utf8mb4", "$", ValueKind::kText, {"'añ€😀'", "''", "'trailing  '"}},
      {"CHAR(255) CHARACTER SET utf8mb4", "$", ValueKind::kText, {"REPEAT('😀', 255)", "'x'"}},
      {"CHAR(100) CHARACTER SET utf8mb3", "$", ValueKind::kText, {"REPEAT('€', 100)"}},
      {"CHAR(0)", "$", ValueKind::kText, {"''"}},
      {"VARCHAR(255) CHARACTER SET latin1", "$", ValueKind::kText, {"REPEAT('z', 255)"}},
      {"VARCHAR(256) CHARACTER SET latin1", "$", ValueKind::kText, {"REPEAT('z', 256)", "''"}},
      {"VARCHAR(1)", "$", ValueKind::kText, {"''", "'x'"}},
      {"VARCHAR(63) CHARACTER SET utf8mb4", "$", ValueKind::kText, {"REPEAT('€', 63)"}},
      {"VARCHAR(64) CHARACTER SET utf8mb4", "$", ValueKind::kText, {"REPEAT('😀', 64)", "'  '"}},
      {"VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci",
       "$",
       ValueKind::kText,
       {"REPEAT('ü', 300)"}},
      {"VARCHAR(20) CHARACTER SET latin1",
       "$",
       ValueKind::kText,
       {"'€äÿ'", "_latin1 x'818d8f909d'"}},
      {"VARCHAR(20) CHARACTER SET ascii", "$", ValueKind::kText, {"'~'"}},
      {"VARCHAR(20) CHARACTER SET ucs2", "$", ValueKind::kText, {"'a€'"}},
      {"VARCHAR(20) CHARACTER SET utf16", "$", ValueKind::kText, {"'a😀'"}},
      {"VARCHAR(20) CHARACTER SET utf32", "$", ValueKind::kText, {"'a😀'"}},
      {"VARCHAR(20) CHARACTER SET gbk", "$", ValueKind::kText, {"'退款人民币'"}},
      {"VARCHAR(20) CHARACTER SET big5", "$", ValueKind::kText, {"'退款'"}},
      {"VARCHAR(20) CHARACTER SET sjis", "$", ValueKind::kText, {"'返金'"}},
      {"VARCHAR(20) CHARACTER SET cp932", "$", ValueKind::kText, {"'返金①'"}},
      {"VARCHAR(20) CHARACTER SET ujis", "$", ValueKind::kText, {"'返金'"}},
      {"VARCHAR(20) CHARACTER SET euckr", "$", ValueKind::kText, {"'환불'"}},
      {"VARCHAR(20) CHARACTER SET cp1251", "$", ValueKind::kText, {"'возврат'"}},
      {"VARCHAR(20) CHARACTER SET koi8r", "$", ValueKind::kText, {"'возврат'"}},
      {"VARCHAR(20) CHARACTER SET greek COLLATE greek_nopad_bin", "$", ValueKind::kText, {"'αω'"}},
      {"BINARY(255)", "$", ValueKind::kBytes, {"REPEAT(x'01', 255)", "x'01'"}},
      {"BINARY(5)", "$", ValueKind::kBytes, {"x'00'", "x'0102030000'", "x'ffffffffff'", "''"}},
      {"VARBINARY(300)", "$", ValueKind::kBytes, {"x'00'", "x'616200'", "REPEAT(x'ff', 300)"}},
      {"TINYTEXT", "$", ValueKind::kText, {"REPEAT('x', 255)", "''"}},
      {"TEXT CHARACTER SET gbk", "$", ValueKind::kText, {"REPEAT('款', 30000)"}},
      {"MEDIUMTEXT", "$", ValueKind::kText, {"REPEAT('x', 70000)"}},
      {"LONGTEXT", "$", ValueKind::kText, {"'long'"}},
      {"TINYBLOB", "$", ValueKind::kBytes, {"x'00ff'"}},
      {"BLOB", "$", ValueKind::kBytes, {"REPEAT(x'00', 65535)"}},
      {"MEDIUMBLOB", "$", ValueKind::kBytes, {"REPEAT(x'fe', 70000)"}},
      {"LONGBLOB", "$", ValueKind::kBytes, {"x''"}},
      {"JSON", "$", ValueKind::kText, {"'{\"a\": [1, \"€\"]}'"}},
      {"ENUM('a','ü','c')", "$", ValueKind::kEnum, {"'ü'", "1", "''"}},
      {"ENUM('да','нет') CHARACTER SET koi8r", "$", ValueKind::kEnum, {"'нет'"}},
      {WithLabels("ENUM", 255), "$", ValueKind::kEnum, {"'v1'", "'v255'"}},
      {WithLabels("ENUM", 256), "$", ValueKind::kEnum, {"'v1'", "'v256'", "''"}},
      {WithLabels("SET", 8), "$", ValueKind::kSet, {"'v8'", "'v1,v2,v3,v4,v5,v6,v7,v8'"}},
      {WithLabels("SET", 9), "$", ValueKind::kSet, {"'v9'", "'v1,v9'"}},
      {WithLabels("SET", 64), "$", ValueKind::kSet, {"'v1,v64'", "'v33,v63,v64'", "''"}},
      {"SET('x','y','z')", "$", ValueKind::kSet, {"'x,z'", "''", "'x,y,z'", "'y'"}},
      {"GEOMETRY", "$", ValueKind::kBytes, {"POINT(1, 2)"}},
      {"UUID",
       "UNHEX(REPLACE($, '-', ''))",
       ValueKind::kBytes,
       {"'00000000-0000-0000-0000-000000000100'", "'ffffffff-ffff-ffff-ffff-000000000000'"}},
      {"INET4",
       "INET6_ATON($)",
       ValueKind::kBytes,
       {"'1.2.3.0'", "'255.255.255.255'", "'0.0.0.0'"}},
      {"INET6", "INET6_ATON($)", ValueKind::kBytes, {"'::'", "'2001:db8::ff00:0'"}},
      {"VARCHAR(2000) COMPRESSED CHARACTER SET utf8mb4",
       "$",
       ValueKind::kText,
       {"REPEAT('€', 2000)", "'short'", "''"}},
      {"TEXT COMPRESSED CHARACTER SET latin1",
       "$",
       ValueKind::kText,
       {"REPEAT('ä', 60000)", "'s'"}},
      {"LONGBLOB COMPRESSED", "$", ValueKind::kBytes, {"REPEAT(x'00', 100000)", "x'00'"}},
  };
  return *kCases;
}

std::string ColumnName(size_t i) { return absl::StrCat("c", i); }

size_t RowsOfCases() {
  size_t count = 0;
  for (const ColumnCase& column : ColumnCases()) count = std::max(count, column.values.size());
  return count + 1;  // the last row is NULL everywhere
}

void FillTableOfCases(Server& server) {
  std::vector<std::string> definitions = {"id INT PRIMARY KEY"};
  for (size_t i = 0; i < ColumnCases().size(); ++i)
    definitions.push_back(absl::StrCat(ColumnName(i), " ", ColumnCases()[i].definition));
  server.Execute("CREATE DATABASE d CHARACTER SET utf8mb4");
  server.Execute("SET time_zone = '+00:00', sql_mode = ''");
  server.Execute(absl::StrCat("CREATE TABLE d.t(", absl::StrJoin(definitions, ", "), ")"));
  for (size_t row = 0; row < RowsOfCases(); ++row) {
    std::vector<std::string> values = {absl::StrCat(row)};
    for (const ColumnCase& column : ColumnCases())
      values.push_back(row < column.values.size() ? column.values[row] : "NULL");
    server.Execute(absl::StrCat("INSERT INTO d.t VALUES(", absl::StrJoin(values, ", "), ")"));
  }
}

}  // namespace fundgate::mariadb_testing
