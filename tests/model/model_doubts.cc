// Old changes that a source tells again, or changes after some that were lost: nobody can tell.
#include "tests/model/model.h"

namespace fundgate::model {
namespace {

using core::MovementStatus;

// What a row that says this has moved: nothing unless it happened.
struct Moved {
  AccountId account;
  core::Line line;
  Currency currency;

  friend bool operator==(const Moved&, const Moved&) = default;
};

Moved MovedBy(const std::optional<core::Contribution>& said) {
  if (!said.has_value() || said->status != MovementStatus::kHappened) return {};
  return {said->account, said->line, said->currency};
}

}  // namespace

// True if the change must be left alone.
bool Model::Doubt(const std::string& source, const core::Event& event,
                  const core::MovementEvent& change) {
  if (!change.before.has_value() || !sources_.at(source).coordinates_changed) return false;
  const RowName name{source, change.row};
  const core::KeyId key{change.kind, change.before->key};
  const auto place = places_.find({name, key});
  if (place == places_.end()) return false;
  const auto newest = changes_.find(name);
  const bool is_known = newest != changes_.end();
  const bool is_newest = is_known && (newest->second.event_id == event.id ||
                                      newest->second.image_hash == change.image_hash);
  const Moved said = is_known && newest->second.key == key ? MovedBy(newest->second.said) : Moved();
  if (is_newest || MovedBy(change.before) == said) return false;
  if (mutation_ == Mutation::kPostsWhatIsPast) return false;
  std::set<core::GapScope>& unknown = doubts_[{name, key}];
  unknown.insert({change.kind, place->second.account, place->second.order});
  if (change.after.has_value()) {
    unknown.insert({change.kind, change.after->account, change.after->line.order});
  }
  return true;
}

// A change that isn't doubted says again what is known.
void Model::EndDoubts(const std::string& source, const core::MovementEvent& change) {
  for (const auto* side : {&change.before, &change.after}) {
    if (!side->has_value()) continue;
    doubts_.erase({{source, change.row}, {change.kind, (*side)->key}});
  }
}

void Model::NotePlace(const std::string& source, const core::MovementEvent& change) {
  if (!change.after.has_value()) return;
  RowPlace& place = places_[{{source, change.row}, {change.kind, change.after->key}}];
  const bool counts = change.after->status == MovementStatus::kHappened;
  if (place.counted && !counts) return;
  place = {change.after->account, change.after->line.order, counts};
}

std::set<core::GapScope> Model::Unknown() const {
  std::set<core::GapScope> unknown = gaps_;
  for (const auto& [row, scopes] : doubts_) unknown.insert(scopes.begin(), scopes.end());
  return unknown;
}

}  // namespace fundgate::model
