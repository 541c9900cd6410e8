#include "server/export/sinks/alertmanager/alertmanager_sink.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "fundgate/types/money.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/time_util.h"

namespace fundgate::exporting {
namespace {

using Texts = std::map<std::string, std::string>;

// The Alertmanager's names of labels: letters, digits and _.
std::string LabelName(const std::string& name) {
  std::string label = name;
  for (char& c : label) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return label;
}

// What identifies the alert: must not change as long as the group lives.
Texts LabelsOf(const v1::ViolationGroup& group, uint32_t level) {
  Texts labels;
  for (const auto& [name, value] : group.labels()) labels[LabelName(name)] = value;
  labels["alertname"] = group.name();
  labels["group"] = group.id();
  labels["level"] = absl::StrCat(level);
  labels["service"] = "fundgate";
  if (!group.risk_class().empty()) labels["severity"] = group.risk_class();
  return labels;
}

std::string TextOf(const v1::Money& money) {
  const absl::StatusOr<Currency> currency = Currency::FromCode(money.currency_code());
  return currency.ok() ? Money{*currency, money.minor_units()}.ToString() : "";
}

Texts AnnotationsOf(const v1::Alert& alert) {
  const v1::ViolationGroup& group = alert.group();
  Texts texts;
  texts["summary"] = alert.summary();
  texts["description"] = group.message();
  texts["count"] = absl::StrCat(group.count());
  texts["open"] = absl::StrCat(group.open());
  texts["sum"] = absl::StrJoin(group.sums(), ", ", [](std::string* out, const v1::Money& sum) {
    absl::StrAppend(out, TextOf(sum));
  });
  const Texts common(group.common().begin(), group.common().end());
  texts["common"] = absl::StrJoin(common, ", ", absl::PairFormatter("="));
  texts["first"] = group.first();
  texts["newest"] = group.newest();
  texts["runbook_url"] = group.runbook();
  std::erase_if(texts, [](const auto& text) { return text.second.empty(); });
  return texts;
}

std::string TextOf(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixNanos(google::protobuf::util::TimeUtil::TimestampToNanoseconds(time));
}

void Fill(const Texts& texts, google::protobuf::Value& value) {
  for (const auto& [name, text] : texts) {
    (*value.mutable_struct_value()->mutable_fields())[name].set_string_value(text);
  }
}

// One alert as the API wants it.
google::protobuf::Value Posted(const v1::Alert& alert, uint32_t level, absl::Time ends_at) {
  google::protobuf::Value posted;
  const absl::Time starts_at = TimeOf(alert.group().since());
  auto& fields = *posted.mutable_struct_value()->mutable_fields();
  Fill(LabelsOf(alert.group(), level), fields["labels"]);
  Fill(AnnotationsOf(alert), fields["annotations"]);
  fields["startsAt"].set_string_value(TextOf(starts_at));
  fields["endsAt"].set_string_value(TextOf(std::max(ends_at, starts_at)));
  if (!alert.group().runbook().empty()) {
    fields["generatorURL"].set_string_value(alert.group().runbook());
  }
  return posted;
}

}  // namespace

std::string AlertmanagerSink::AddressOf(const std::string& base) {
  return absl::StrCat(absl::EndsWith(base, "/") ? base.substr(0, base.size() - 1) : base,
                      "/api/v2/alerts");
}

std::string AlertmanagerSink::BodyFor(const v1::Alert& alert, absl::Time now) {
  const v1::Review& review = alert.group().review();
  const bool resolved = review.state() == v1::REVIEW_STATE_RESOLVED;
  google::protobuf::ListValue list;
  for (uint32_t level = 0; level <= alert.group().level(); ++level) {
    const bool ended = resolved || level < alert.group().level();
    // An end that lies in the past is an end whatever the clocks say.
    *list.add_values() = Posted(alert, level, ended ? now : now + kBelieved);
  }
  std::string body;
  (void)google::protobuf::util::MessageToJsonString(list, &body);
  return body;
}

absl::Status AlertmanagerSink::Tell(const v1::Alert& alert) {
  return post_->Post(BodyFor(alert, absl::Now()), {});
}

}  // namespace fundgate::exporting
