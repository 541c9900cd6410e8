#include "server/sidecar/decode/decode.h"

#include <memory>
#include <ostream>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/sidecar/binlog/charset.h"
#include "server/sidecar/binlog/file_reader.h"
#include "server/sidecar/decode/printer.h"

namespace fundgate::decode {
namespace {

absl::StatusOr<binlog::ReaderOptions> ReaderOptionsOf(const DecodeOptions& options) {
  binlog::ReaderOptions reader;
  if (!options.charset.empty()) {
    reader.assumed_collation = binlog::CollationOf(options.charset);
    if (reader.assumed_collation == 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the character set ", options.charset, " is not known; give a server's name of one, such",
          " as utf8mb4, latin1 or gbk"));
    }
  }
  if (options.table.empty()) return reader;
  const size_t point = options.table.find('.');
  if (point == 0 || point == std::string::npos || point + 1 == options.table.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the table ", options.table, " needs its database: DATABASE.TABLE"));
  }
  reader.wants_table =
      [database = options.table.substr(0, point), table = options.table.substr(point + 1)](
          std::string_view of, std::string_view name) { return of == database && name == table; };
  return reader;
}

}  // namespace

absl::Status Decode(std::span<const std::string> files, const DecodeOptions& options,
                    std::ostream& out) {
  FUNDGATE_ASSIGN_OR_RETURN(const binlog::ReaderOptions reader, ReaderOptionsOf(options));
  const bool only_with_rows = !options.table.empty();
  const std::unique_ptr<Printer> printer = options.output == DecodeOptions::Output::kText
                                               ? MakeTextPrinter(out, only_with_rows)
                                               : MakeJsonPrinter(out, only_with_rows);
  for (const std::string& file : files) {
    const absl::Status read = binlog::ReadFile(file, *printer, reader);
    printer->Finish();
    FUNDGATE_RETURN_IF_ERROR(read);
    if (!out) return absl::UnavailableError("the output takes no more");
  }
  return absl::OkStatus();
}

}  // namespace fundgate::decode
