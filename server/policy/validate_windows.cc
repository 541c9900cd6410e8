#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/core/windows/definition.h"
#include "server/policy/event_environment.h"
#include "server/policy/scalars.h"
#include "server/policy/validate_parts.h"
#include "server/policy/validate_references.h"

namespace fundgate::policy {
namespace {

void ValidateSpan(const Validation& v, const std::string& path, const v1::Window& window) {
  if (!window.has_span()) return;
  const absl::Duration span = ToDuration(window.span());
  if (span < absl::Seconds(1) || span > core::kWindowSpanMax) {
    return v.AtValue(path + ".span",
                     absl::StrCat(DurationText(span), " is out of range; 1s to ",
                                  DurationText(core::kWindowSpanMax), " is accepted"));
  }
  if (!window.has_resolution()) return;
  const absl::Duration resolution = ToDuration(window.resolution());
  const bool divides =
      resolution > absl::ZeroDuration() && span % resolution == absl::ZeroDuration();
  if (!divides || span > core::kWindowBucketsMax * resolution) {
    v.AtValue(path + ".resolution",
              absl::StrCat(DurationText(resolution), " does not divide the span of ",
                           DurationText(span), " into 1 to ", core::kWindowBucketsMax, " parts"));
  }
}

void ValidateDistinct(const Validation& v, const std::string& path, const v1::Window& window) {
  if (window.distinct_max() == 0 && !v.places.Has(path + ".distinct_max")) return;
  if (window.distinct().empty()) {
    v.AtKey(path + ".distinct_max", "distinct_max has no meaning without `distinct`");
  } else if (window.distinct_max() < 1 ||
             window.distinct_max() > static_cast<int64_t>(core::kWindowDistinctMax)) {
    v.AtValue(path + ".distinct_max",
              absl::StrCat("1 to ", core::kWindowDistinctMax, " is accepted"));
  }
}

// ---- Over checks ----

void ValidateOfChecks(const Validation& v, const std::string& path, const v1::Window& window) {
  if (v.places.IsRead(path + ".of") && v.document.checkpoints().count(window.of()) == 0 &&
      !v.places.IsDamaged("checkpoints")) {
    v.AtValue(path + ".of", NoSuch("checkpoint", window.of(), NamesOf(v.document.checkpoints()),
                                   "; of events write event.NAME"));
  }
  CheckKey(v, path + ".key", window.key(), {"account_id", "order_id"});
  CheckKey(v, path + ".distinct", window.distinct(), {"order_id"});
  for (const char* field : {".when", ".ratio"}) {
    if (v.places.Has(path + field)) {
      v.AtKey(path + field,
              "this has a meaning only for windows over events: of checks those are counted that "
              "were allowed");
    }
  }
}

// ---- Over events ----

// A field of the fact that can be told apart: money can't.
void ValidateFactField(const Validation& v, const std::string& place, const v1::Fact& fact,
                       const std::string& name, const std::vector<std::string>& words) {
  if (name.empty() || !v.places.IsRead(place)) return;
  if (std::find(words.begin(), words.end(), name) != words.end()) return;
  const auto field = fact.fields().find(name);
  if (field == fact.fields().end()) {
    v.AtValue(place, NoSuch("field", name, NamesOf(fact.fields()), " of this fact"));
  } else if (field->second == v1::FACT_TYPE_MONEY) {
    v.AtValue(place, "amounts of money are nothing to go by; name another field");
  }
}

void ValidateRatio(const Validation& v, const std::string& path, const std::string& event,
                   const v1::Window& window) {
  if (!window.has_ratio()) return;
  const v1::Ratio& ratio = window.ratio();
  const std::string place = path + ".ratio";
  if (v.places.IsRead(place + ".min_samples") &&
      (ratio.min_samples() < 1 || ratio.min_samples() > core::kWindowSamplesMax)) {
    v.AtValue(place + ".min_samples",
              absl::StrCat("1 to ", core::kWindowSamplesMax, " is accepted"));
  }
  if (ratio.baseline_days() < 0 || ratio.baseline_days() > core::kWindowBaselineDaysMax) {
    v.AtValue(place + ".baseline_days",
              absl::StrCat("0 to ", core::kWindowBaselineDaysMax, " is accepted"));
  } else if (ratio.baseline_days() > 0 &&
             ToDuration(window.span()) > core::kWindowBaselineSpanMax) {
    v.AtValue(place + ".baseline_days",
              "a window that is compared with earlier days is at most a day long");
  }
  if (ratio.success().empty() && v.document.facts().count(event) > 0) {
    v.AtKey(place, "'success' is missing; it says which of these facts went well");
  }
  CheckCondition(v, place + ".success", event, ratio.success());
}

void ValidateOfEvents(const Validation& v, const std::string& path, const v1::Window& window) {
  const std::string event = EventAt(v, path + ".of", window.of(), false);
  if (event.empty()) return;
  if (!HasAccount(v.document, event)) {
    return v.AtValue(path + ".of",
                     "this fact says nothing of an account, within which windows are kept; give it "
                     "a field account_id");
  }
  const auto fact = v.document.facts().find(event);
  if (fact != v.document.facts().end()) {
    ValidateFactField(v, path + ".key", fact->second, window.key(), {"account_id", "order_id"});
    ValidateFactField(v, path + ".distinct", fact->second, window.distinct(), {"order_id"});
  } else {
    CheckKey(v, path + ".key", window.key(), {"account_id", "order_id"});
    CheckKey(v, path + ".distinct", window.distinct(), {"order_id"});
  }
  CheckCondition(v, path + ".when", event, window.when());
  ValidateRatio(v, path, event, window);
}

}  // namespace

void ValidateWindows(const Validation& v) {
  for (const std::string& name : NamesOf(v.document.windows())) {
    const v1::Window& window = v.document.windows().at(name);
    const std::string path = absl::StrCat("windows.", name);
    CheckReadName(v, path, name);
    if (EventNameIn(window.of()).has_value()) {
      ValidateOfEvents(v, path, window);
    } else {
      ValidateOfChecks(v, path, window);
    }
    ValidateSpan(v, path, window);
    ValidateDistinct(v, path, window);
  }
}

}  // namespace fundgate::policy
