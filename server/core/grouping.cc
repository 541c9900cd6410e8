#include "server/core/grouping.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fundgate/types/checked.h"
#include "fundgate/types/text.h"
#include "server/core/actions.h"
#include "server/core/outbox.h"

namespace fundgate::core {
namespace {

constexpr uint32_t kMaxLevel = 5;

// ---- What a violation is labelled with ----

std::string FieldOf(const Violation& violation, std::string_view name) {
  for (const auto& [field, value] : violation.fields) {
    if (field == name) return value;
  }
  return "";
}

// Who changed the row: what the application says of itself by one of the usual marks, else the
// session's server id.
std::string ApplicationOf(const Violation& violation) {
  for (const std::string_view mark : {"application", "app", "service"}) {
    std::string marked = FieldOf(violation, absl::StrCat("origin.marker.", ToAbsl(mark)));
    if (!marked.empty()) return marked;
  }
  return FieldOf(violation, "origin.server_id");
}

void AddLabel(Labels& labels, std::string name, std::string value) {
  if (!value.empty()) labels.emplace_back(std::move(name), std::move(value));
}

// What tells causes apart.
Labels DiscerningLabels(const Violation& violation) {
  Labels labels;
  AddLabel(labels, "application", ApplicationOf(violation));
  AddLabel(labels, "currency", std::string(violation.amount.currency.code()));
  AddLabel(labels, "movement", violation.key.kind.value());
  AddLabel(labels, "source", violation.source.value());
  AddLabel(labels, "statement", ShapeOf(FieldOf(violation, "origin.statement")));
  AddLabel(labels, "table", FieldOf(violation, "table"));
  return labels;
}

Labels AllLabels(const Violation& violation) {
  constexpr std::string_view kMarker = "origin.marker.";
  Labels labels = DiscerningLabels(violation);
  AddLabel(labels, "account", violation.account.value());
  AddLabel(labels, "order", violation.order.value());
  for (const auto& [name, value] : violation.fields) {
    if (name.rfind(kMarker, 0) == 0) {
      AddLabel(labels, "marker." + name.substr(kMarker.size()), value);
    }
  }
  return labels;
}

bool IsCatchingUp(Draft& draft, const SourceName& name) {
  if (name.empty()) return false;
  const absl::Time proven_past = draft.ReadSource(name).proven_past;
  return proven_past != absl::InfinitePast() && draft.now() - proven_past > kCatchUp;
}

GroupKey KeyOf(Draft& draft, const Violation& violation) {
  if (violation.history) {
    return {std::string(kHistoryGroup), {{"source", violation.source.value()}}};
  }
  // An invariant is judged once its sources are proven: then nothing is being caught up with.
  if (violation.kind != ViolationKind::kInvariant && IsCatchingUp(draft, violation.source)) {
    return {std::string(kCatchUpGroup), {{"source", violation.source.value()}}};
  }
  return {violation.name, DiscerningLabels(violation)};
}

bool IsFoundLate(const Draft& draft, const Violation& violation) {
  const RiskClass* risk = draft.policy().responses.ClassOf(violation.name);
  return risk != nullptr && risk->found.has_value() &&
         violation.occurred_at != absl::InfinitePast() &&
         violation.at - violation.occurred_at > *risk->found;
}

// ---- Groups ----

// The key itself while there is room for it, else that of all its name, else that of everything.
GroupKey Fitting(Draft& draft, const GroupKey& key) {
  if (draft.Find<OpenGroups>(key) != nullptr || draft.Count<OpenGroups>() < kMaxFineGroups)
    return key;
  GroupKey whole{key.name, {}};
  if (draft.Find<OpenGroups>(whole) != nullptr || draft.Count<OpenGroups>() + 1 < kMaxOpenGroups) {
    return whole;
  }
  return {std::string(kOverflowGroup), {}};
}

NameCount& CountOf(Group& group, const std::string& name) {
  const auto place = std::lower_bound(
      group.names.begin(), group.names.end(), name,
      [](const NameCount& entry, const std::string& wanted) { return entry.name < wanted; });
  if (place != group.names.end() && place->name == name) return *place;
  if (group.names.size() >= kMaxGroupNames && name != "other") return CountOf(group, "other");
  return *group.names.insert(place, NameCount{name, 0, 0});
}

void AddSum(Group& group, const Money& amount) {
  if (amount.currency.empty()) return;
  const auto place =
      std::lower_bound(group.sums.begin(), group.sums.end(), amount,
                       [](const Money& a, const Money& b) { return a.currency < b.currency; });
  if (place != group.sums.end() && place->currency == amount.currency) {
    place->minor_units =
        CheckedAdd(place->minor_units, amount.minor_units).value_or(place->minor_units);
  } else if (group.sums.size() < kMaxGroupSums) {
    group.sums.insert(place, amount);
  }
}

void KeepCommon(Labels& common, Labels labels) {
  std::sort(labels.begin(), labels.end());
  Labels both;
  std::set_intersection(common.begin(), common.end(), labels.begin(), labels.end(),
                        std::back_inserter(both));
  common = std::move(both);
}

Group NewGroup(Draft& draft, const GroupKey& key, const Member& member) {
  Group group;
  group.id = draft.NewGroupId();
  group.key = key;
  group.since = draft.now();
  group.common = member.labels;
  std::sort(group.common.begin(), group.common.end());
  group.first = member.id;
  group.message = member.message;
  return group;
}

// The most urgent class counts: the one that wants an answer first.
void TakeClass(const Draft& draft, const std::string& name, Group& group) {
  const Responses& responses = draft.policy().responses;
  const RiskClass* joining = responses.ClassOf(name);
  if (joining == nullptr) return;
  const RiskClass* present = responses.FindClass(group.risk_class);
  if (present == nullptr || joining->answered < present->answered) group.risk_class = joining->name;
}

void Add(Draft& draft, const Member& member, Group& group) {
  group.count += 1;
  group.open += 1;
  group.found_late += member.found_late ? 1 : 0;
  group.last_at = draft.now();
  group.newest = member.id;
  NameCount& count = CountOf(group, member.name);
  count.count += 1;
  count.open += 1;
  AddSum(group, member.amount);
  KeepCommon(group.common, member.labels);
  TakeClass(draft, member.name, group);
}

void Count(Tally& tally, Cause cause, int64_t count) {
  switch (cause) {
    case Cause::kRealLoss:
      tally.real_loss += count;
      return;
    case Cause::kBadData:
      tally.bad_data += count;
      return;
    case Cause::kWrongRule:
      tally.wrong_rule += count;
      return;
  }
}

}  // namespace

std::string Join(Draft& draft, const GroupKey& key, const Member& member) {
  const GroupKey fitting = Fitting(draft, key);
  const OpenGroup* open = draft.Find<OpenGroups>(fitting);
  AlertKind kind = AlertKind::kOpened;
  bool tell = false;
  std::string id;
  if (open == nullptr) {
    Group made = NewGroup(draft, fitting, member);
    id = made.id;
    draft.Mutable<Groups>(id) = std::move(made);
    tell = true;
  } else {
    id = open->id;
    Group& group = draft.Mutable<Groups>(id);
    if (draft.now() - group.last_at > kQuiet) {
      group.review = Review{};
      kind = AlertKind::kRenewed;
      tell = true;
    }
  }
  Group& group = draft.Mutable<Groups>(id);
  const std::string class_before = group.risk_class;
  Add(draft, member, group);
  if (tell) PostAlert(draft, group, kind);
  if (tell || group.risk_class != class_before) {
    draft.Mutable<OpenGroups>(fitting) = {id, NextEscalation(draft, group)};
  }
  return id;
}

void Leave(Draft& draft, const std::string& group_id, std::string_view name) {
  Group& group = draft.Mutable<Groups>(group_id);
  if (group.review.state == ReviewState::kResolved) return;
  group.open -= 1;
  CountOf(group, std::string(name)).open -= 1;
  if (group.open > 0) return;
  Resolve(draft, group_id, {"fundgate", "nothing of it is left", draft.now()}, std::nullopt);
}

void Resolve(Draft& draft, const std::string& group_id, Remark remark, std::optional<Cause> cause) {
  Group& group = draft.Mutable<Groups>(group_id);
  if (cause.has_value()) {
    for (NameCount& name : group.names) {
      if (name.open > 0) Count(TallyOf(draft, name.name), *cause, name.open);
      name.open = 0;
    }
  }
  group.open = 0;
  group.review.state = ReviewState::kResolved;
  group.review.resolved = std::move(remark);
  if (cause.has_value()) group.review.cause = cause;
  draft.Erase<OpenGroups>(group.key);
  PostAlert(draft, group, AlertKind::kResolved);
}

void FollowViolations(Draft& draft, size_t first) {
  for (size_t i = first; i < draft.found_violations().size(); ++i) {
    const std::string id = draft.found_violations()[i];
    const Violation violation = *draft.Find<Violations>(id);
    Member member;
    member.name = violation.name;
    member.id = violation.id;
    member.labels = AllLabels(violation);
    member.amount = violation.amount;
    member.message = violation.message;
    member.found_late = IsFoundLate(draft, violation);
    draft.Mutable<Violations>(id).group = Join(draft, KeyOf(draft, violation), member);
    TallyOf(draft, violation.name).raised += 1;
    if (!violation.history) TakeActions(draft, violation);
  }
}

absl::Time NextEscalation(const Draft& draft, const Group& group) {
  const RiskClass* risk = draft.policy().responses.FindClass(group.risk_class);
  if (risk == nullptr || group.review.state == ReviewState::kResolved) {
    return absl::InfiniteFuture();
  }
  const bool answered = group.review.state == ReviewState::kAcknowledged;
  const absl::Duration step = answered ? risk->contained : risk->answered;
  // The first time counts from the group's beginning, later ones from the last.
  const absl::Time target = group.since + step;
  return target > draft.now() ? target : draft.now() + risk->answered;
}

void EscalateGroups(Draft& draft) {
  for (const auto& [key, open] : draft.before().of<OpenGroups>()) {
    if (open.escalate_at > draft.now()) continue;
    // Never again, if a newer policy has dropped its class.
    Group& group = draft.Mutable<Groups>(open.id);
    draft.Mutable<OpenGroups>(key).escalate_at = NextEscalation(draft, group);
    if (draft.policy().responses.FindClass(group.risk_class) == nullptr) continue;
    group.level = std::min(group.level + 1, kMaxLevel);
    PostAlert(draft, group, AlertKind::kEscalated);
  }
}

Tally& TallyOf(Draft& draft, const std::string& name) {
  const bool has_room =
      draft.Find<Tallies>(name) != nullptr || draft.Count<Tallies>() < kMaxTallies;
  return draft.Mutable<Tallies>(has_room ? name : "other");
}

}  // namespace fundgate::core
