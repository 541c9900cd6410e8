#include "server/export/sinks/log/log_sink.h"

#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace fundgate::exporting {

absl::Status LogSink::Tell(const v1::Alert& alert) {
  constexpr size_t kPrefix = std::string_view("ALERT_KIND_").size();
  const std::string kind = absl::AsciiStrToLower(v1::AlertKind_Name(alert.kind()).substr(kPrefix));
  const v1::ViolationGroup& group = alert.group();
  std::vector<logging::Field> fields = {{"alert", alert.id()}};
  const auto add = [&fields](std::string_view name, const std::string& value) {
    if (!value.empty() && value != "0") fields.push_back({name, value});
  };
  add("group", group.id());
  add("risk_class", group.risk_class());
  add("level", absl::StrCat(alert.level()));
  add("stands_for", absl::StrCat(alert.stands_for()));
  add("newest", group.newest());
  add("action", alert.action());
  add("violation", alert.violation().id());
  log_.Write(logging::Severity::kWarning, absl::StrCat("ALERT ", kind, ": ", alert.summary()),
             fields);
  return absl::OkStatus();
}

}  // namespace fundgate::exporting
