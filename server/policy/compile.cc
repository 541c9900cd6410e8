#include "server/policy/compile.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/core/records.h"
#include "server/policy/compile_breakers.h"
#include "server/policy/compile_checks.h"
#include "server/policy/compile_responses.h"
#include "server/policy/compile_rules.h"
#include "server/policy/effects.h"
#include "server/policy/event_environment.h"
#include "server/policy/invariant_expression.h"
#include "server/policy/mapping.h"
#include "server/policy/scalars.h"

namespace fundgate::policy {
namespace {

// The entries of a section, sorted by name: a protobuf map has no order.
template <typename Map>
auto Sorted(const Map& map) {
  return std::map<std::string, typename Map::mapped_type>(map.begin(), map.end());
}

core::Verdict ToVerdict(v1::Verdict verdict, core::Verdict fallback) {
  switch (verdict) {
    case v1::VERDICT_ALLOW:
      return core::Verdict::kAllow;
    case v1::VERDICT_HOLD:
      return core::Verdict::kHold;
    case v1::VERDICT_BLOCK:
      return core::Verdict::kBlock;
    default:
      return fallback;
  }
}

core::OnEvent ToOnEvent(v1::OnEvent on_event) {
  switch (on_event) {
    case v1::ON_EVENT_FREEZE:
      return core::OnEvent::kFreeze;
    case v1::ON_EVENT_TRIP:
      return core::OnEvent::kTrip;
    default:
      return core::OnEvent::kAlert;
  }
}

core::FactType ToFactType(int type) {
  switch (type) {
    case v1::FACT_TYPE_INT:
      return core::FactType::kInt;
    case v1::FACT_TYPE_BOOL:
      return core::FactType::kBool;
    case v1::FACT_TYPE_MONEY:
      return core::FactType::kMoney;
    default:
      return core::FactType::kString;
  }
}

core::Influence ToInfluence(expression::Direction direction) {
  switch (direction) {
    case expression::Direction::kTightens:
      return core::Influence::kTightens;
    case expression::Direction::kLoosens:
      return core::Influence::kLoosens;
    default:
      return core::Influence::kNone;
  }
}

// What a policy's section `violations` may name; validate.cc has their names.
constexpr core::ViolationKind kReactable[] = {
    core::ViolationKind::kUngated,        core::ViolationKind::kAfterRelease,
    core::ViolationKind::kAfterBlock,     core::ViolationKind::kDuplicateMovement,
    core::ViolationKind::kAmountMismatch, core::ViolationKind::kUnitMismatch,
    core::ViolationKind::kOtherAccount,   core::ViolationKind::kOtherOrder,
    core::ViolationKind::kOtherCurrency,  core::ViolationKind::kMovementUndone};

class Compiler {
 public:
  explicit Compiler(const v1::Document& document) : document_(document) {}

  std::shared_ptr<const core::Policy> Run() && {
    AddSources();
    AddBooks();
    AddMovements();
    AddFacts();
    FeedBooks();
    AddCheckpoints();
    AddInvariants();
    AddReactions();
    CompileChecks(document_, *policy_);
    AddRules(document_, *policy_);
    AddBreakers(document_, *policy_);
    policy_->responses = CompileResponses(document_);
    if (document_.has_key_retention()) {
      policy_->key_retention = ToDuration(document_.key_retention());
    }
    return std::move(policy_);
  }

 private:
  void AddSources() {
    for (const auto& [name, source] : Sorted(document_.sources())) {
      std::set<std::string> emits(source.report().emits().begin(), source.report().emits().end());
      for (const v1::Table& table : source.tables()) emits.insert(table.emit());
      core::SourceDefinition definition;
      definition.name = SourceName(name);
      for (const std::string& name_of : emits) {
        if (document_.facts().count(name_of) > 0) {
          definition.facts.push_back(name_of);
        } else {
          definition.emits.emplace_back(name_of);
        }
      }
      definition.mapping_version = MappingVersion(document_, name);
      if (IsDatabase(source)) AddTables(source, definition);
      definition.begins_with_snapshot =
          (source.has_mysql() ? source.mysql().start() : source.mariadb().start()) ==
          v1::START_SNAPSHOT;
      policy_->sources.push_back(std::move(definition));
    }
  }

  // Those that can be read anew.
  static void AddTables(const v1::Source& source, core::SourceDefinition& definition) {
    for (const v1::Table& table : source.tables()) {
      auto place = std::find_if(
          definition.tables.begin(), definition.tables.end(),
          [&table](const core::SourceTable& known) { return known.name == table.table(); });
      if (place == definition.tables.end()) {
        place = definition.tables.insert(place, core::SourceTable{table.table(), {}});
      }
      const auto emit = std::lower_bound(place->emits.begin(), place->emits.end(), table.emit());
      if (emit == place->emits.end() || *emit != table.emit()) {
        place->emits.insert(emit, table.emit());
      }
    }
  }

  void AddBooks() {
    for (const auto& [name, book] : Sorted(document_.books())) {
      core::BookDefinition definition;
      definition.name = name;
      definition.by_order = IsByOrder(book);
      definition.counters.assign(book.counters().begin(), book.counters().end());
      definition.single_currency = book.single_currency();
      policy_->books.push_back(std::move(definition));
    }
  }

  size_t BookIndex(const std::string& name) const {
    return static_cast<size_t>(policy_->FindBook(name) - policy_->books.data());
  }

  core::Effect ToEffect(const v1::Movement& movement, const std::string& text) const {
    const EffectText written = ParseEffect(text).value_or(EffectText{});
    core::Effect effect;
    effect.book = BookIndex(written.book);
    const std::vector<std::string>& counters = policy_->books[effect.book].counters;
    effect.counter = static_cast<size_t>(
        std::find(counters.begin(), counters.end(), written.counter) - counters.begin());
    effect.sign = written.sign;
    if (written.amount != TotalName(movement)) effect.amount = written.amount;
    return effect;
  }

  std::vector<SourceName> Emitters(const MovementKind& kind) const {
    std::vector<SourceName> names;
    for (const core::SourceDefinition& source : policy_->sources) {
      if (std::binary_search(source.emits.begin(), source.emits.end(), kind)) {
        names.push_back(source.name);
      }
    }
    return names;
  }

  void AddMovements() {
    for (const auto& [name, movement] : Sorted(document_.movements())) {
      core::MovementDefinition definition;
      definition.kind = MovementKind(name);
      for (const std::string& text : movement.effects()) {
        definition.effects.push_back(ToEffect(movement, text));
      }
      definition.many_lines = !movement.parts().empty();
      definition.parts = PartNames(movement);
      definition.reversible = movement.reversible();
      definition.identity.assign(movement.identity().begin(), movement.identity().end());
      definition.gated = movement.gated();
      if (movement.has_gated_from()) definition.gated_from = ToTime(movement.gated_from());
      definition.sources = Emitters(definition.kind);
      policy_->movements.push_back(std::move(definition));
    }
  }

  void AddFacts() {
    for (const auto& [name, fact] : Sorted(document_.facts())) {
      core::FactDefinition definition;
      definition.name = name;
      definition.key = fact.key();
      definition.account = AccountFieldOf(fact);
      for (const auto& [field, type] : Sorted(fact.fields())) {
        definition.fields.push_back({field, ToFactType(type)});
      }
      for (const std::string& source : SourcesOfEvent(document_, name)) {
        definition.sources.emplace_back(source);
      }
      policy_->facts.push_back(std::move(definition));
    }
  }

  // A book is fed by whoever reports a movement that changes one of its counters.
  void FeedBooks() {
    std::vector<std::set<SourceName>> feeders(policy_->books.size());
    for (const core::MovementDefinition& movement : policy_->movements) {
      for (const core::Effect& effect : movement.effects) {
        feeders[effect.book].insert(movement.sources.begin(), movement.sources.end());
      }
    }
    for (size_t i = 0; i < feeders.size(); ++i) {
      policy_->books[i].sources.assign(feeders[i].begin(), feeders[i].end());
    }
  }

  void AddCheckpoints() {
    for (const auto& [name, checkpoint] : Sorted(document_.checkpoints())) {
      core::CheckpointDefinition definition;
      definition.kind = MovementKind(name);
      definition.movement =
          static_cast<size_t>(policy_->FindMovement(definition.kind) - policy_->movements.data());
      definition.when_stale = ToVerdict(checkpoint.when_stale(), definition.when_stale);
      definition.when_unproven = ToVerdict(checkpoint.when_unproven(), definition.when_unproven);
      definition.when_error = ToVerdict(checkpoint.when_error(), definition.when_error);
      AddDegradation(checkpoint, definition);
      TakeTimes(checkpoint, definition);
      std::set<SourceName> sources;
      for (const core::Effect& effect : policy_->movements[definition.movement].effects) {
        const std::vector<SourceName>& feeders = policy_->books[effect.book].sources;
        sources.insert(feeders.begin(), feeders.end());
      }
      definition.sources.assign(sources.begin(), sources.end());
      policy_->checkpoints.push_back(std::move(definition));
    }
  }

  static void TakeTimes(const v1::Checkpoint& from, core::CheckpointDefinition& to) {
    if (from.has_max_staleness()) to.max_staleness = ToDuration(from.max_staleness());
    if (from.has_patience()) to.patience = ToDuration(from.patience());
    if (from.has_valid_for()) to.valid_for = ToDuration(from.valid_for());
    if (from.has_overdue_after()) to.overdue_after = ToDuration(from.overdue_after());
    to.auto_release = from.auto_release() == v1::AUTO_RELEASE_PROVEN;
    if (from.has_auto_release_grace()) {
      to.auto_release_grace = ToDuration(from.auto_release_grace());
    }
  }

  // Who may report what makes the invariant hold again.
  std::vector<SourceName> CuresOf(const core::InvariantDefinition& invariant) const {
    std::set<SourceName> cures;
    for (const core::MovementDefinition& movement : policy_->movements) {
      if (!core::MayCure(movement, invariant)) continue;
      cures.insert(movement.sources.begin(), movement.sources.end());
    }
    return {cures.begin(), cures.end()};
  }

  void AddInvariants() {
    for (const auto& [name, invariant] : Sorted(document_.invariants())) {
      InvariantExpression compiled =
          CompileInvariantExpression(document_.books().at(invariant.book()), invariant.holds());
      core::InvariantDefinition definition{
          .name = name,
          .book = BookIndex(invariant.book()),
          .holds = *std::move(compiled.program),
          .text = invariant.holds(),
          .influence = {},
          .otherwise = ToVerdict(invariant.otherwise(), core::Verdict::kBlock),
          .on_event = ToOnEvent(invariant.on_event()),
          .cures = {}};
      for (const expression::Direction direction : compiled.direction) {
        definition.influence.push_back(ToInfluence(direction));
      }
      definition.cures = CuresOf(definition);
      policy_->invariants.push_back(std::move(definition));
    }
  }

  void AddReactions() {
    for (const core::ViolationKind kind : kReactable) {
      const auto found = document_.violations().find(std::string(core::ToString(kind)));
      if (found == document_.violations().end()) continue;
      policy_->on_violation[kind] = ToOnEvent(static_cast<v1::OnEvent>(found->second));
    }
  }

  const v1::Document& document_;
  std::shared_ptr<core::Policy> policy_ = std::make_shared<core::Policy>();
};

}  // namespace

std::shared_ptr<const core::Policy> Compile(const v1::Document& document) {
  return Compiler(document).Run();
}

}  // namespace fundgate::policy
