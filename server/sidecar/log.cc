#include "server/sidecar/log.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "fundgate/types/text.h"

namespace fundgate::sidecar {
namespace {

bool NeedsQuotes(std::string_view value) {
  return value.empty() || std::any_of(value.begin(), value.end(), [](char byte) {
           return byte == ' ' || byte == '"' || byte == '=' || byte == '\\' ||
                  absl::ascii_iscntrl(static_cast<unsigned char>(byte));
         });
}

}  // namespace

std::string_view NameOf(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "INFO";
    case Severity::kWarning:
      return "WARNING";
    case Severity::kError:
      return "ERROR";
  }
  return "ERROR";
}

void Log::Write(Severity severity, std::string_view sentence,
                std::initializer_list<Field> fields) const {
  std::string line(sentence);
  for (const Field& field : fields) {
    absl::StrAppend(&line, " ", ToAbsl(field.name), "=");
    if (NeedsQuotes(field.value)) {
      // Between double quotes a single one needs no escape.
      absl::StrAppend(&line, "\"",
                      absl::StrReplaceAll(absl::Utf8SafeCEscape(field.value), {{"\\'", "'"}}),
                      "\"");
    } else {
      line += field.value;
    }
  }
  sink_(severity, line);
}

}  // namespace fundgate::sidecar
