#include "server/main/log_settings.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fundgate/types/text.h"

namespace fundgate::main {

void DeclareLogSettings(CLI::App& app, LogFormat& format) {
  app.add_option("--log-format", format, "How lines on stderr look; json: one object a line")
      ->envname("FUNDGATE_LOG_FORMAT")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, LogFormat>{{"text", LogFormat::kText},
                                                                   {"json", LogFormat::kJson}})
              .description(""))
      ->type_name("text|json")
      ->default_str("text");
}

logging::Log LogToStderr(std::string process, LogFormat format) {
  return logging::Log([process = std::move(process), format](const logging::Line& line) {
    const absl::Time now = absl::Now();
    std::string written;
    if (format == LogFormat::kJson) {
      written = absl::StrCat(logging::ToJson(line, now, process), "\n");
    } else {
      written = absl::StrCat(absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", now, absl::UTCTimeZone()),
                             " ", process, ": ", ToAbsl(logging::NameOf(line.severity)), " ",
                             logging::ToText(line), "\n");
    }
    // In one piece: threads don't write into each other's lines.
    std::fwrite(written.data(), 1, written.size(), stderr);
  });
}

}  // namespace fundgate::main
