#include "tests/model/model.h"

#include <string_view>
#include <variant>

namespace fundgate::model {

uint64_t NumberOf(const Position& position) {
  const std::string text = position.ToString();
  uint64_t number = 0;
  for (const char c : text.substr(text.find_last_of("-:") + 1)) number = number * 10 + (c - '0');
  return number;
}

std::string ReasonText(core::ReasonCode code, const std::string& name, core::Verdict verdict) {
  static const char* const kVerdicts[] = {"?", "ALLOW", "HOLD", "BLOCK"};
  return "code " + std::to_string(static_cast<int>(code)) + " " + name + " " +
         kVerdicts[static_cast<int>(verdict)];
}

std::string ViolationText(core::ViolationKind kind, const std::string& name, const core::KeyId& key,
                          const AccountId& account, const OrderId& order) {
  const std::string what =
      kind == core::ViolationKind::kInvariant ? name : key.kind.value() + "/" + key.key.value();
  return "kind " + std::to_string(static_cast<int>(kind)) + " " + what + " " + account.value() +
         " " + order.value();
}

AnswerPicture Model::Apply(const core::Input& input) {
  const absl::Time before = now_;
  ++sequence_;
  now_ = input.time;
  violations_.clear();
  AnswerPicture answer = std::visit([&](const auto& body) { return Apply(body); }, input.body);
  answer.violations = violations_;
  if (!answer.recorded) {
    --sequence_;
    now_ = before;
  }
  return answer;
}

void Model::AddUp(const RowNow& row, Amounts& sums) const {
  const bool twice = mutation_ == Mutation::kCountsRefundTwice && row.kind == "refund";
  for (const auto& [counter, amount] : row.posted) sums[counter] += twice ? 2 * amount : amount;
}

std::vector<Numbers> Model::NumbersOf(const core::BookId& book) const {
  Amounts sums;
  for (const auto& [name, row] : rows_) AddUp(row, sums);
  for (const RowNow& row : history_) AddUp(row, sums);
  for (const Step& step : confirmed_) sums[{step.book, step.counter}] += step.amount;
  std::vector<Numbers> numbers(CountersOf(book.book));
  for (size_t i = 0; i < numbers.size(); ++i) {
    const auto sum = sums.find({book, i});
    if (sum != sums.end()) numbers[i].posted = sum->second;
  }
  for (const auto& [id, key] : keys_) {
    if (!key.reservation.has_value()) continue;
    for (const Step& step : key.reservation->open) {
      if (step.book != book) continue;
      if (step.amount > 0) numbers[step.counter].up += step.amount;
      if (step.amount < 0) numbers[step.counter].down -= step.amount;
    }
  }
  return numbers;
}

void Model::End(Key& key, core::ReservationState state) {
  key.reservation->state = state;
  const bool keeps =
      mutation_ == Mutation::kKeepsReleasedPending && state == core::ReservationState::kReleased;
  if (!keeps) key.reservation->open.clear();
}

bool Model::IsProven(const std::string& source, absl::Time time) const {
  const auto found = sources_.find(source);
  return found != sources_.end() && !found->second.inside_transaction &&
         found->second.proven_past >= time;
}

AnswerPicture Model::Refused(absl::StatusCode code) {
  AnswerPicture answer;
  answer.sort = AnswerSort::kRefusal;
  answer.code = code;
  return answer;
}

AnswerPicture Model::Answer(const Key& key) const {
  AnswerPicture answer;
  answer.sort = AnswerSort::kReservation;
  answer.decision_id = key.decision_id;
  answer.reservation = core::ReservationState::kReleased;
  if (key.reservation.has_value()) {
    answer.reservation = key.reservation->state;
    answer.amount = key.reservation->amount.minor_units;
  }
  return answer;
}

StatePicture Model::Look() const {
  StatePicture picture;
  Amounts sums;
  for (const auto& [name, row] : rows_) AddUp(row, sums);
  for (const RowNow& row : history_) AddUp(row, sums);
  for (const Step& step : confirmed_) sums[{step.book, step.counter}] += step.amount;
  for (const auto& [counter, sum] : sums) picture.books[counter.first][counter.second].posted = sum;
  for (const auto& [id, key] : keys_) {
    KeyPicture& seen = picture.keys[id];
    seen = {key.state, key.generation, key.moved, key.binding.has_value(), std::nullopt};
    if (!key.reservation.has_value()) continue;
    const Reserved& reserved = *key.reservation;
    seen.reservation = {reserved.state, reserved.amount.minor_units, reserved.overdue,
                        !reserved.open.empty()};
    for (const Step& step : reserved.open) {
      Numbers& numbers = picture.books[step.book][step.counter];
      (step.amount > 0 ? numbers.up : numbers.down) += step.amount > 0 ? step.amount : -step.amount;
    }
  }
  std::erase_if(picture.books, [](const auto& book) { return book.second == BookPicture{}; });
  for (const auto& [scope, now] : breakers_) {
    picture.breakers[scope] = {now.state, now.mode, now.calls, now.money.minor_units};
  }
  for (const auto& [name, now] : sources_) {
    picture.sources[name] = {now.epoch, now.position, now.proven_past};
  }
  picture.rules = rules_;
  for (const core::GapScope& gap : Unknown()) {
    picture.gaps.insert(gap.kind.value() + " " + gap.account.value() + " " + gap.order.value());
  }
  picture.drifted = drifted_;
  return picture;
}

}  // namespace fundgate::model
