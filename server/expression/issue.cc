#include "server/expression/issue.h"

#include <algorithm>

#include "server/expression/utf8.h"

namespace fundgate::expression {

Location Locate(std::string_view source, uint32_t offset) {
  const std::string_view before = source.substr(0, std::min<size_t>(offset, source.size()));
  const size_t newline = before.rfind('\n');
  const size_t line_start = newline == std::string_view::npos ? 0 : newline + 1;
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const int64_t columns = CountCodePoints(before.substr(line_start));
  return {static_cast<uint32_t>(lines + 1), static_cast<uint32_t>(columns + 1)};
}

std::string Render(std::string_view source, const Issue& issue) {
  const size_t at = std::min<size_t>(issue.offset, source.size());
  const size_t newline = at == 0 ? std::string_view::npos : source.rfind('\n', at - 1);
  const size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
  const size_t end = std::min(source.find('\n', begin), source.size());
  std::string line(source.substr(begin, end - begin));
  // One column a character: tabs would move the caret away from its place.
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\t' || c == '\r' || c == '\f'; }, ' ');
  return std::to_string(issue.location.line) + ":" + std::to_string(issue.location.column) + ": " +
         issue.message + "\n | " + line + "\n | " + std::string(issue.location.column - 1, ' ') +
         "^\n";
}

std::string Render(std::string_view source, std::span<const Issue> issues) {
  std::string text;
  for (const Issue& issue : issues) text += Render(source, issue);
  return text;
}

}  // namespace fundgate::expression
