#include "server/export/sinks/log/log_sink.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace fundgate::exporting {

absl::Status LogSink::Tell(const v1::Alert& alert) {
  constexpr size_t kPrefix = std::string_view("ALERT_KIND_").size();
  const std::string kind = absl::AsciiStrToLower(v1::AlertKind_Name(alert.kind()).substr(kPrefix));
  const v1::ViolationGroup& group = alert.group();
  std::string line = absl::StrCat(
      "ALERT ", alert.id(), " ", kind, " group ", group.id(),
      group.risk_class().empty() ? "" : " class ", group.risk_class(),
      alert.level() == 0 ? "" : absl::StrCat(" level ", alert.level()),
      alert.stands_for() == 0 ? "" : absl::StrCat(" (stands for ", alert.stands_for(), " earlier)"),
      ": ", alert.summary());
  for (char& c : line) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';  // one line
  }
  log_(line);
  return absl::OkStatus();
}

}  // namespace fundgate::exporting
