#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/money.h"
#include "fundgate/v1/value.pb.h"
#include "google/protobuf/map.h"
#include "server/policy/scalars.h"
#include "server/policy/validate_parts.h"

namespace fundgate::policy {
namespace {

constexpr int64_t kRepeatMax = 10'000;

// Movements that some source reports: only those can be given as events.
std::vector<std::string> Emitted(const v1::Document& document) {
  std::set<std::string> kinds;
  for (const auto& [name, source] : document.sources()) {
    kinds.insert(source.report().emits().begin(), source.report().emits().end());
    for (const v1::Table& table : source.tables()) kinds.insert(table.emit());
  }
  return {kinds.begin(), kinds.end()};
}

void CheckpointExists(const Validation& v, const std::string& path, const std::string& name) {
  if (v.document.checkpoints().count(name) > 0 || v.places.IsDamaged("checkpoints") ||
      !v.places.IsRead(path + ".checkpoint")) {
    return;
  }
  v.AtValue(path + ".checkpoint", NoSuch("checkpoint", name, NamesOf(v.document.checkpoints())));
}

void ValidateCheck(const Validation& v, const std::string& path, const v1::TestCheck& check) {
  CheckpointExists(v, path, check.checkpoint());
  if (!v.places.Has(path + ".amount") && !v.places.Has(path + ".lines")) {
    v.AtKey(path, "a check needs an amount, or lines with amounts");
  }
  if (check.repeat() < 0 || check.repeat() > kRepeatMax) {
    v.AtValue(path + ".repeat", absl::StrCat("1 to ", kRepeatMax, " is accepted"));
  }
  if (!check.lines().empty() && (!check.order_id().empty() || !check.parts().empty())) {
    v.AtKey(path + ".lines", "with lines, orders and parts stand in the lines alone");
  }
}

using FactFields = google::protobuf::Map<std::string, ::fundgate::v1::Value>;

bool IsOfType(const ::fundgate::v1::Value& value, int type) {
  switch (type) {
    case v1::FACT_TYPE_INT:
      return value.has_int_value();
    case v1::FACT_TYPE_BOOL:
      return value.has_bool_value();
    case v1::FACT_TYPE_MONEY:
      return value.has_string_value() && Money::Parse(value.string_value()).ok();
    default:
      return value.has_string_value();
  }
}

void ValidateFactFields(const Validation& v, const std::string& path, const v1::Fact& declared,
                        const FactFields& fields) {
  for (const auto& [name, value] : fields) {
    const std::string place = absl::StrCat(path, ".fields.", name);
    const auto type = declared.fields().find(name);
    if (type == declared.fields().end()) {
      v.AtKey(place, NoSuch("field", name, NamesOf(declared.fields())));
    } else if (!IsOfType(value, type->second)) {
      const std::string& word = v1::FactType_Name(static_cast<v1::FactType>(type->second));
      v.AtValue(place, absl::StrCat("this is no ", absl::AsciiStrToLower(word.substr(10)),
                                    ", as the fact declares"));
    }
  }
  if (fields.count(declared.key()) == 0) {
    v.AtKey(path, absl::StrCat("'", declared.key(), "' is missing; it is the fact's key"));
  }
}

void ValidateFact(const Validation& v, const std::string& path, const std::string& name,
                  const v1::TestFact& fact, const std::vector<std::string>& emitted) {
  const auto declared = v.document.facts().find(name);
  if (declared == v.document.facts().end()) {
    if (v.places.IsDamaged("facts")) return;
    return v.AtKey(path, NoSuch("fact", name, NamesOf(v.document.facts())));
  }
  if (std::find(emitted.begin(), emitted.end(), name) == emitted.end() &&
      !v.places.IsDamaged("sources")) {
    v.AtKey(path, absl::StrCat("no source emits '", name, "', so it can't be given"));
  }
  const bool deleted = fact.change() == v1::TEST_CHANGE_DELETE;
  if (deleted && (!fact.has_before() || !fact.fields().empty())) {
    return v.AtKey(path, "a deleted fact has its fields in `before` alone");
  }
  if (!deleted) ValidateFactFields(v, path, declared->second, fact.fields());
  if (fact.has_before()) {
    ValidateFactFields(v, path + ".before", declared->second, fact.before().fields());
  }
}

void ValidateGuarded(const Validation& v, const std::string& path, const std::string& name,
                     const v1::TestGuarded& change) {
  const auto guard = v.document.guards().find(name);
  if (guard == v.document.guards().end()) {
    if (v.places.IsDamaged("guards")) return;
    return v.AtKey(path, NoSuch("guard", name, NamesOf(v.document.guards())));
  }
  const auto& columns = guard->second.columns();
  for (int i = 0; i < change.columns_size(); ++i) {
    if (std::find(columns.begin(), columns.end(), change.columns(i)) != columns.end()) continue;
    v.AtValue(absl::StrCat(path, ".columns[", i, "]"),
              NoSuch("column", change.columns(i), {columns.begin(), columns.end()},
                     absl::StrCat(" of the guard '", name, "'")));
  }
}

// What a test can expect to be true.
std::vector<std::string> NamesThatFire(const v1::Document& document) {
  std::vector<std::string> names;
  const auto add = [&names](const auto& section) {
    for (const auto& [name, entry] : section) names.push_back(name);
  };
  add(document.rules());
  add(document.invariants());
  add(document.matches());
  add(document.chains());
  add(document.transitions());
  add(document.guards());
  std::sort(names.begin(), names.end());
  return names;
}

void ValidateFires(const Validation& v, const std::string& path, const std::string& name) {
  if (name.empty()) return;
  for (const char* section :
       {"rules", "invariants", "matches", "chains", "transitions", "guards"}) {
    if (v.places.IsDamaged(section)) return;
  }
  const std::vector<std::string> names = NamesThatFire(v.document);
  if (std::binary_search(names.begin(), names.end(), name)) return;
  v.AtValue(path + ".fires", NoSuch("rule or check", name, names));
}

void ValidateExpectation(const Validation& v, const std::string& path, const v1::Test& test) {
  const v1::Expectation& expect = test.expect();
  if (!test.has_check() && expect.violation().empty() && expect.fires().empty() &&
      v.places.IsRead(path + ".expect")) {
    v.AtKey(path, "a test needs a check, or expects a violation or something that fires");
  }
  if (test.has_check() && expect.verdict() == v1::VERDICT_UNSPECIFIED &&
      v.places.IsRead(path + ".expect")) {
    if (expect.fires().empty()) {
      v.AtKey(path + ".expect", "'verdict' is missing; it is required with a check");
    } else if (!expect.reason().empty()) {
      v.AtValue(path + ".expect.reason", "a reason asks for a verdict: write that too");
    }
  }
  ValidateFires(v, path + ".expect", expect.fires());
  if (!test.has_check() && test.expect().verdict() != v1::VERDICT_UNSPECIFIED) {
    v.AtValue(path + ".expect.verdict", "without a check there is no verdict");
  }
}

void PlanExists(const Validation& v, const std::string& path, const std::string& name) {
  if (name.empty() || v.document.plans().count(name) > 0 || v.places.IsDamaged("plans")) return;
  v.AtValue(path, NoSuch("plan", name, NamesOf(v.document.plans())));
}

void ValidateStep(const Validation& v, const std::string& path, const v1::Step& step,
                  const std::vector<std::string>& emitted) {
  const int fields = step.events_size() + step.has_check() + step.has_confirm() +
                     step.has_release() + step.has_trip() + step.has_half_open() +
                     !step.reset().empty() + !step.plan().empty() + !step.undo().empty() +
                     step.has_advance() + step.fact_size() + step.guarded_size();
  if (fields != 1) {
    v.AtValue(path, fields == 0 ? "a step needs one thing that happened, like {payment: {...}}"
                                : "a step is one thing; make a step of each");
  }
  for (const auto& [kind, event] : step.events()) {
    if (std::find(emitted.begin(), emitted.end(), kind) != emitted.end()) continue;
    if (v.places.IsDamaged("sources") || v.places.IsDamaged("movements")) continue;
    const std::string place = absl::StrCat(path, ".events.", kind);
    if (v.document.facts().count(kind) > 0) {
      v.AtKey(place, absl::StrCat("'", kind, "' is a fact: write {fact: {", kind, ": {...}}}"));
      continue;
    }
    if (v.document.movements().count(kind) > 0) {
      v.AtKey(place,
              absl::StrCat("no source emits '", kind, "', so it can't be given as an event"));
      continue;
    }
    std::vector<std::string> known = emitted;
    for (const char* word : {"check", "confirm", "release", "trip", "half_open", "reset", "plan",
                             "undo", "advance", "fact", "guarded"}) {
      known.emplace_back(word);
    }
    v.AtKey(place, NoSuch("movement or step", kind, known));
  }
  for (const auto& [name, change] : step.guarded()) {
    ValidateGuarded(v, absl::StrCat(path, ".guarded.", name), name, change);
  }
  for (const auto& [name, fact] : step.fact()) {
    ValidateFact(v, absl::StrCat(path, ".fact.", name), name, fact, emitted);
  }
  if (step.has_check()) ValidateCheck(v, path + ".check", step.check());
  if (step.has_confirm()) CheckpointExists(v, path + ".confirm", step.confirm().checkpoint());
  if (step.has_release()) CheckpointExists(v, path + ".release", step.release().checkpoint());
  if (step.trip().mode() == v1::VERDICT_ALLOW) {
    v.AtValue(path + ".trip.mode", "an open breaker answers HOLD or BLOCK");
  }
  if (step.half_open().mode() == v1::VERDICT_ALLOW) {
    v.AtValue(path + ".half_open.mode", "what does not fit is answered HOLD or BLOCK");
  }
  PlanExists(v, path + ".plan", step.plan());
  PlanExists(v, path + ".undo", step.undo());
}

}  // namespace

void ValidateTests(const Validation& v) {
  const std::vector<std::string> emitted = Emitted(v.document);
  std::set<std::string> names;
  for (int i = 0; i < v.document.tests_size(); ++i) {
    const v1::Test& test = v.document.tests(i);
    const std::string path = absl::StrCat("tests[", i, "]");
    if (test.name().size() > 256) v.AtValue(path + ".name", "a test's name has at most 256 bytes");
    if (!test.name().empty() && !names.insert(test.name()).second) {
      v.AtValue(path + ".name", absl::StrCat("two tests are called '", test.name(), "'"));
    }
    for (int j = 0; j < test.given_size(); ++j) {
      ValidateStep(v, absl::StrCat(path, ".given[", j, "]"), test.given(j), emitted);
    }
    if (test.has_check()) ValidateCheck(v, path + ".check", test.check());
    ValidateExpectation(v, path, test);
    if (test.check().repeat() != 0) {
      v.AtKey(path + ".check.repeat", "the last check is one; repeat has a meaning in steps");
    }
  }
}

}  // namespace fundgate::policy
