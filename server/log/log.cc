#include "server/log/log.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "fundgate/types/text.h"

namespace fundgate::logging {
namespace {

bool NeedsQuotes(std::string_view value) {
  return value.empty() || std::any_of(value.begin(), value.end(), [](char byte) {
           return byte == ' ' || byte == '"' || byte == '=' || byte == '\\' ||
                  absl::ascii_iscntrl(static_cast<unsigned char>(byte));
         });
}

// A sentence may quote what others wrote, and stays one line all the same.
std::string OneLine(std::string_view sentence) {
  std::string line(sentence);
  for (char& byte : line) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(byte))) byte = ' ';
  }
  return line;
}

using Utf8 = rapidjson::UTF8<>;
using Writer = rapidjson::Writer<rapidjson::StringBuffer, Utf8, Utf8, rapidjson::CrtAllocator,
                                 rapidjson::kWriteValidateEncodingFlag>;

bool IsUtf8(std::string_view text) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  return writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void WriteString(Writer& writer, std::string_view text) {
  const std::string escaped = IsUtf8(text) ? std::string(text) : absl::CHexEscape(ToAbsl(text));
  writer.String(escaped.data(), static_cast<rapidjson::SizeType>(escaped.size()));
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

std::string ToText(const Line& line) {
  std::string text = OneLine(line.sentence);
  for (const Field& field : line.fields) {
    absl::StrAppend(&text, " ", ToAbsl(field.name), "=");
    if (NeedsQuotes(field.value)) {
      // Between double quotes a single one needs no escape.
      absl::StrAppend(&text, "\"",
                      absl::StrReplaceAll(absl::Utf8SafeCEscape(field.value), {{"\\'", "'"}}),
                      "\"");
    } else {
      text += field.value;
    }
  }
  return text;
}

std::string ToJson(const Line& line, absl::Time time, std::string_view process) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  writer.Key("time");
  WriteString(writer, absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone()));
  writer.Key("process");
  WriteString(writer, process);
  writer.Key("severity");
  WriteString(writer, NameOf(line.severity));
  writer.Key("message");
  WriteString(writer, line.sentence);
  for (const Field& field : line.fields) {
    WriteString(writer, field.name);
    WriteString(writer, field.value);
  }
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace fundgate::logging
