#include "server/sidecar/schema/column_type.h"

#include <array>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "fundgate/types/text.h"
#include "server/sidecar/binlog/charset.h"

namespace fundgate::schema {
namespace {

using Base = ColumnType::Base;

// What the digits in brackets behind a type mean.
enum class Digits : uint8_t {
  kNothing,  // how wide it is shown
  kLength,
  kPrecision,  // DECIMAL(10,2)
  kFloat,      // FLOAT(53) is a DOUBLE
  kTextSize,   // TEXT(100) is the smallest that takes so many
};

struct KnownType {
  std::string_view word;
  Base base = Base::kOther;
  uint32_t length = 0;  // without digits in brackets
  Digits digits = Digits::kNothing;
  bool is_binary = false;
};

constexpr std::array kTypes = {
    KnownType{"TINYINT", Base::kInteger, 1},
    KnownType{"INT1", Base::kInteger, 1},
    KnownType{"BOOL", Base::kInteger, 1},
    KnownType{"BOOLEAN", Base::kInteger, 1},
    KnownType{"SMALLINT", Base::kInteger, 2},
    KnownType{"INT2", Base::kInteger, 2},
    KnownType{"MEDIUMINT", Base::kInteger, 3},
    KnownType{"MIDDLEINT", Base::kInteger, 3},
    KnownType{"INT3", Base::kInteger, 3},
    KnownType{"INT", Base::kInteger, 4},
    KnownType{"INTEGER", Base::kInteger, 4},
    KnownType{"INT4", Base::kInteger, 4},
    KnownType{"BIGINT", Base::kInteger, 8},
    KnownType{"INT8", Base::kInteger, 8},
    KnownType{"SERIAL", Base::kInteger, 8},
    KnownType{"DECIMAL", Base::kDecimal, 10, Digits::kPrecision},
    KnownType{"DEC", Base::kDecimal, 10, Digits::kPrecision},
    KnownType{"NUMERIC", Base::kDecimal, 10, Digits::kPrecision},
    KnownType{"FIXED", Base::kDecimal, 10, Digits::kPrecision},
    KnownType{"FLOAT", Base::kFloat, 0, Digits::kFloat},
    KnownType{"FLOAT4", Base::kFloat},
    KnownType{"DOUBLE", Base::kDouble},
    KnownType{"FLOAT8", Base::kDouble},
    KnownType{"REAL", Base::kDouble},
    KnownType{"BIT", Base::kBit, 1, Digits::kLength},
    KnownType{"YEAR", Base::kYear},
    KnownType{"DATE", Base::kDate},
    KnownType{"TIME", Base::kTime, 0, Digits::kLength},
    KnownType{"DATETIME", Base::kDateTime, 0, Digits::kLength},
    KnownType{"TIMESTAMP", Base::kTimestamp, 0, Digits::kLength},
    KnownType{"CHAR", Base::kChar, 1, Digits::kLength},
    KnownType{"CHARACTER", Base::kChar, 1, Digits::kLength},
    KnownType{"NCHAR", Base::kChar, 1, Digits::kLength},
    KnownType{"BINARY", Base::kChar, 1, Digits::kLength, true},
    KnownType{"UUID", Base::kChar, 16, Digits::kNothing, true},
    KnownType{"INET6", Base::kChar, 16, Digits::kNothing, true},
    KnownType{"INET4", Base::kChar, 4, Digits::kNothing, true},
    KnownType{"VARCHAR", Base::kVarchar, 0, Digits::kLength},
    KnownType{"VARCHARACTER", Base::kVarchar, 0, Digits::kLength},
    KnownType{"NVARCHAR", Base::kVarchar, 0, Digits::kLength},
    KnownType{"VARBINARY", Base::kVarchar, 0, Digits::kLength, true},
    KnownType{"TINYTEXT", Base::kText, 1},
    KnownType{"TEXT", Base::kText, 2, Digits::kTextSize},
    KnownType{"MEDIUMTEXT", Base::kText, 3},
    KnownType{"LONG", Base::kText, 3},
    KnownType{"LONGTEXT", Base::kText, 4},
    KnownType{"TINYBLOB", Base::kText, 1, Digits::kNothing, true},
    KnownType{"BLOB", Base::kText, 2, Digits::kTextSize, true},
    KnownType{"MEDIUMBLOB", Base::kText, 3, Digits::kNothing, true},
    KnownType{"LONGBLOB", Base::kText, 4, Digits::kNothing, true},
    KnownType{"ENUM", Base::kEnum},
    KnownType{"SET", Base::kSet},
    KnownType{"JSON", Base::kJson},
    KnownType{"GEOMETRY", Base::kGeometry},
    KnownType{"POINT", Base::kGeometry},
    KnownType{"LINESTRING", Base::kGeometry},
    KnownType{"POLYGON", Base::kGeometry},
    KnownType{"MULTIPOINT", Base::kGeometry},
    KnownType{"MULTILINESTRING", Base::kGeometry},
    KnownType{"MULTIPOLYGON", Base::kGeometry},
    KnownType{"GEOMETRYCOLLECTION", Base::kGeometry},
    KnownType{"GEOMCOLLECTION", Base::kGeometry},
};

const KnownType* FindType(const SqlCursor& sql) {
  for (const KnownType& type : kTypes) {
    if (sql.Is(type.word)) return &type;
  }
  return nullptr;
}

// The numbers, or labels, in brackets.
std::vector<std::string> TakeBrackets(SqlCursor& sql) {
  std::vector<std::string> words;
  if (!sql.AcceptSign('(')) return words;
  while (!sql.AtEnd() && !sql.IsSign(')')) {
    if (!sql.IsSign(',')) words.push_back(sql.token().text);
    sql.Advance();
  }
  sql.AcceptSign(')');
  return words;
}

uint32_t Number(const std::vector<std::string>& words, size_t at, uint32_t otherwise) {
  uint32_t number = 0;
  return at < words.size() && absl::SimpleAtoi(words[at], &number) ? number : otherwise;
}

uint32_t TextSize(uint32_t length) {
  if (length < (1U << 8)) return 1;
  if (length < (1U << 16)) return 2;
  return length < (1U << 24) ? 3 : 4;
}

void ReadDigits(const KnownType& known, const std::vector<std::string>& digits, ColumnType& type) {
  switch (known.digits) {
    case Digits::kNothing:
      break;
    case Digits::kLength:
      type.length = Number(digits, 0, known.length);
      break;
    case Digits::kPrecision:
      type.length = Number(digits, 0, known.length);
      if (type.length == 0) type.length = known.length;
      type.scale = static_cast<uint8_t>(Number(digits, 1, 0));
      break;
    case Digits::kFloat:
      if (digits.size() == 1 && Number(digits, 0, 0) > 24) type.base = Base::kDouble;
      break;
    case Digits::kTextSize:
      if (!digits.empty()) type.length = TextSize(Number(digits, 0, 0));
      break;
  }
}

// Words that make another type of the one before them.
void ReadSecondWord(SqlCursor& sql, KnownType& known) {
  if (known.base == Base::kDouble) sql.Accept("PRECISION");
  if (known.base == Base::kChar && sql.Accept("VARYING")) known.base = Base::kVarchar;
  if (known.base == Base::kChar && sql.Accept("BYTE")) known.is_binary = true;
  if (known.word != "LONG") return;
  if (sql.Accept("VARBINARY")) {
    known.is_binary = true;
  } else if (!sql.Accept("VARCHAR") && !sql.Accept("VARCHARACTER")) {
    sql.AcceptAll({"CHAR", "VARYING"});
  }
}

// Over a value behind DEFAULT, ON UPDATE and the like: one word, or a function with its brackets.
void SkipValue(SqlCursor& sql) {
  if (sql.IsSign('-') || sql.IsSign('+')) sql.Advance();
  const bool is_prefix = sql.token().upper.starts_with("_") || sql.IsOneOf({"X", "B", "N"});
  sql.Skip();
  if (is_prefix && sql.IsText()) sql.Advance();  // _utf8mb4'a', X'61'
  while (sql.AcceptSign('.')) sql.Advance();     // 0.5
  if (sql.IsSign('(')) sql.Skip();
}

class AttributeReader {
 public:
  AttributeReader(SqlCursor& sql, ColumnDefinition& column, bool& is_key)
      : sql_(sql), column_(column), type_(column.type), is_key_(is_key) {}

  void Read() {
    while (!sql_.AtEnd() && !sql_.IsSign(',') && !sql_.IsSign(')')) {
      if (sql_.IsOneOf({"FIRST", "AFTER"})) break;
      if (const uint16_t collation = TakeCharset(sql_); collation != 0) {
        if (type_.HasCharset() && type_.collation != binlog::kBinaryCollation) {
          type_.collation = collation;
        }
      } else if (!ReadKey() && !ReadNull() && !ReadOfType()) {
        SkipAttribute();
      }
    }
  }

 private:
  bool ReadKey() {
    if (sql_.Accept("UNIQUE")) {
      sql_.Accept("KEY");
      return true;
    }
    if (!sql_.AcceptAll({"PRIMARY", "KEY"}) && !sql_.Accept("PRIMARY") && !sql_.Accept("KEY")) {
      return false;
    }
    is_key_ = true;
    column_.nullable = false;
    return true;
  }

  bool ReadNull() {
    if (sql_.AcceptAll({"NOT", "NULL"}) || sql_.Accept("AUTO_INCREMENT")) {
      column_.nullable = false;
      return true;
    }
    if (!sql_.Accept("NULL")) return false;
    if (!is_key_) column_.nullable = true;
    return true;
  }

  bool ReadOfType() {
    if (sql_.Accept("UNSIGNED") || sql_.Accept("ZEROFILL")) {
      type_.is_unsigned = true;
    } else if (sql_.Accept("COMPRESSED")) {
      type_.is_compressed = true;
      if (sql_.AcceptSign('=')) sql_.Advance();
    } else if (sql_.Accept("ASCII")) {
      SetCharset("latin1");
    } else if (sql_.Accept("UNICODE")) {
      SetCharset("ucs2");
    } else if (sql_.Accept("BYTE")) {
      SetCharset("binary");
    } else {
      return false;
    }
    return true;
  }

  void SetCharset(std::string_view charset) {
    if (type_.HasCharset()) type_.collation = CollationOfCharset(charset);
  }

  void SkipAttribute() {
    if (sql_.Accept("DEFAULT") || sql_.AcceptAll({"ON", "UPDATE"}) || sql_.Accept("COMMENT")) {
      return SkipValue(sql_);
    }
    if (sql_.AcceptAll({"SET", "NULL"}) || sql_.AcceptAll({"SET", "DEFAULT"})) return;
    sql_.Skip();
  }

  SqlCursor& sql_;
  ColumnDefinition& column_;
  ColumnType& type_;
  bool& is_key_;
};

}  // namespace

uint16_t CollationOfCharset(std::string_view charset) {
  const std::string name = absl::AsciiStrToLower(ToAbsl(charset));
  const uint16_t found = binlog::CollationOf(name == "utf8" ? "utf8mb3" : name);
  return found == 0 ? kForeignCollation : found;
}

uint16_t CollationOfName(std::string_view collation) {
  return CollationOfCharset(collation.substr(0, collation.find('_')));
}

uint16_t TakeCharset(SqlCursor& sql) {
  SqlCursor ahead = sql;
  ahead.Accept("DEFAULT");
  const bool is_charset = ahead.AcceptAll({"CHARACTER", "SET"}) || ahead.Accept("CHARSET") ||
                          ahead.AcceptAll({"CHAR", "SET"});
  if (!is_charset && !ahead.Accept("COLLATE")) return 0;
  ahead.AcceptSign('=');
  const std::string name = ahead.token().text;
  ahead.Advance();
  sql = ahead;
  // What the database has, which nobody said.
  if (absl::AsciiStrToUpper(name) == "DEFAULT") return kForeignCollation;
  return is_charset ? CollationOfCharset(name) : CollationOfName(name);
}

ColumnType TakeType(SqlCursor& sql) {
  ColumnType type;
  const bool is_national = sql.Accept("NATIONAL");
  const KnownType* const found = FindType(sql);
  if (found == nullptr) {
    sql.Skip();
    TakeBrackets(sql);
    return type;
  }
  KnownType known = *found;
  sql.Advance();
  ReadSecondWord(sql, known);
  const std::vector<std::string> digits = TakeBrackets(sql);
  type.base = known.base;
  type.length = known.length;
  ReadDigits(known, digits, type);
  if (known.word == "SERIAL") type.is_unsigned = true;
  if (type.base == Base::kEnum || type.base == Base::kSet) type.labels = digits;
  if (known.is_binary) type.collation = binlog::kBinaryCollation;
  if (type.base == Base::kJson) type.collation = CollationOfCharset("utf8mb4");
  if (is_national || known.word.starts_with("NCHAR") || known.word.starts_with("NVARCHAR")) {
    type.collation = CollationOfCharset("utf8mb3");
  }
  return type;
}

void TakeColumn(SqlCursor& sql, ColumnDefinition& column, bool& is_key) {
  const bool is_serial = sql.Is("SERIAL");
  column.type = TakeType(sql);
  // Whether a TIMESTAMP may be NULL if nothing is said depends on the server.
  column.nullable = column.type.base == Base::kTimestamp ? std::nullopt : std::optional(!is_serial);
  is_key = false;
  AttributeReader(sql, column, is_key).Read();
  if (is_key) column.nullable = false;
}

ColumnType ReadColumnType(std::string_view text) {
  SqlCursor sql(text);
  ColumnDefinition column;
  bool is_key = false;
  TakeColumn(sql, column, is_key);
  return column.type;
}

}  // namespace fundgate::schema
