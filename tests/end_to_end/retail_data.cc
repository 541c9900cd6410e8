#include "tests/end_to_end/retail_data.h"

#include <cstdio>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "fundgate/types/text.h"

namespace fundgate::end_to_end {
namespace {

constexpr std::string_view kHead =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";
constexpr int kPlaces = 3;  // of a thousandth

// What a program prints; nothing if it fails.
std::optional<std::string> OutputOf(const std::string& command) {
  std::FILE* const pipe = ::popen(command.c_str(), "re");
  if (pipe == nullptr) return std::nullopt;
  std::string output;
  std::string block(1 << 16, '\0');
  while (const size_t got = std::fread(block.data(), 1, block.size(), pipe)) {
    output.append(block, 0, got);
  }
  if (::pclose(pipe) != 0) return std::nullopt;
  return output;
}

// The fields of a line; one with commas or quotes stands in double quotes, its own ones twice.
std::vector<std::string> FieldsOf(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '"' && quoted && at + 1 < line.size() && line[at + 1] == '"') {
      fields.back() += line[++at];
    } else if (line[at] == '"') {
      quoted = !quoted;
    } else if (line[at] == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += line[at];
    }
  }
  return fields;
}

std::optional<RetailLine> ToLine(std::string_view text) {
  std::vector<std::string> fields = FieldsOf(text);
  RetailLine line;
  if (fields.size() != 8 || fields[0].empty() || fields[1].empty() ||
      !absl::SimpleAtoi(fields[3], &line.quantity) || !Thousandths(fields[5]).has_value()) {
    return std::nullopt;
  }
  line.invoice = std::move(fields[0]);
  line.item = std::move(fields[1]);
  line.unit_price = std::move(fields[5]);
  // Whole numbers that went through a program which made floating ones of them.
  line.customer = std::string(absl::StripSuffix(fields[6], ".0"));
  return line;
}

}  // namespace

std::optional<int64_t> Thousandths(std::string_view price) {
  const std::pair<std::string, std::string> sides = absl::StrSplit(ToAbsl(price), '.');
  int64_t thousandths = 0;
  if (sides.second.size() > kPlaces ||
      !absl::SimpleAtoi(
          absl::StrCat(sides.first, sides.second, std::string(kPlaces - sides.second.size(), '0')),
          &thousandths)) {
    return std::nullopt;
  }
  return thousandths;
}

std::vector<RetailLine> ReadRetail(const std::string& xz_file) {
  const std::optional<std::string> text = OutputOf(absl::StrCat("xz -dc '", xz_file, "'"));
  if (!text.has_value()) return {};
  std::vector<RetailLine> lines;
  bool is_head = true;
  for (const absl::string_view row : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    const std::string_view plain = ToStd(absl::StripSuffix(row, "\r"));
    if (std::exchange(is_head, false)) {
      if (plain != kHead) return {};
      continue;
    }
    std::optional<RetailLine> line = ToLine(plain);
    if (!line.has_value()) return {};
    lines.push_back(*std::move(line));
  }
  return lines;
}

}  // namespace fundgate::end_to_end
