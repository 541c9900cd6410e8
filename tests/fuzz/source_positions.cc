// Where a source was read to: any bytes as the text of a position, then as steps along it; and as
// the GTIDs that a MySQL writes.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "fundgate/types/position.h"
#include "server/sidecar/binlog/gtid.h"
#include "server/sidecar/feed/source_position.h"
#include "server/sidecar/sources/mysql/requests.h"
#include "tests/fuzz/fuzzer.h"

namespace fundgate::fuzz {
namespace {

using feed::PositionForm;
using feed::SourcePosition;
using feed::Step;

constexpr int kStepsMax = 24;

constexpr char kUuid[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

// One of a few streams of the form, so that steps meet.
Step StepOf(PositionForm form, Choices& choices) {
  const uint8_t which = choices.Byte();
  const uint64_t number = 1 + choices.Short() % 4096;
  switch (form) {
    case PositionForm::kGtids:
      return feed::Gtid{which % 2U, 1 + which / 2U % 2, number};
    case PositionForm::kOffsets:
      return {which % 2 == 0 ? "orders/0" : "orders/1", number, std::nullopt};
    case PositionForm::kGtidSets:
      return {which % 2 == 0 ? std::string(kUuid) : std::string(kUuid) + ":pay", number,
              std::nullopt};
    case PositionForm::kFiles:
      return {std::string("mysql-bin@") + kUuid, number, std::nullopt};
  }
  return {};
}

void CheckForm(const SourcePosition& position, bool is_gates) {
  const std::string text = position.ToString();
  const absl::StatusOr<SourcePosition> again = SourcePosition::Parse(text, position.form());
  Expect(again.ok() && again->ToString() == text, "a position that is printed is read as the same");
  Expect(again->Covers(position) && position.Covers(*again), "it covers itself");
  Expect(position.Covers(position.ReadFrom()), "reading begins at nothing that isn't covered");
  Expect(SourcePosition::Parse(position.Steps(), position.form()).ok(),
         "the steps alone are a position, too");
  Expect(position.CheckParts(*again).ok() || position.has_part(),
         "only a part can be missing where all is");
  if (is_gates) Expect(Position::Parse(text).ok(), "the gate reads what it is told");
  if (position.form() != PositionForm::kGtidSets) return;
  Expect(sources::DumpRequest(1, position.Steps(), false).ok(), "a server can be asked for more");
}

// Takes a step, all of it or some rows. Such as the sidecar takes: none that is covered.
void Take(Choices& choices, SourcePosition& position) {
  const uint8_t how = choices.Byte() % 4;
  const Step step = StepOf(position.form(), choices);
  if (how == 3) {
    if (position.form() == PositionForm::kOffsets) return;  // topics have no such transactions
    std::vector<Step> before;
    for (uint8_t left = choices.Byte() % 3; left > 0; --left) {
      before.push_back(StepOf(position.form(), choices));
    }
    return position.SetUndecided(before);
  }
  if (position.Covers(step)) return;
  const absl::StatusOr<uint32_t> sent = position.RowsSent(step);
  if (!sent.ok()) return;
  if (how == 2) {
    if (!position.HasPartOfAnother(step)) position.AdvanceRows(step, *sent + 1 + choices.Byte());
    return;
  }
  position.Advance(step);
  Expect(position.Covers(step), "a step that is taken is covered");
  Expect(position.RowsSent(step).value_or(1) == 0, "nothing of it is sent in part any more");
}

void Walk(SourcePosition position, bool is_gates, Choices& choices) {
  CheckForm(position, is_gates);
  for (int i = 0; i < kStepsMax && !choices.empty(); ++i) {
    const SourcePosition before = position;
    Take(choices, position);
    CheckForm(position, is_gates);
    Expect(position.Covers(before), "nothing is ever uncovered");
    if (!is_gates) continue;
    Expect(Position::Parse(position.ToString())->Covers(*Position::Parse(before.ToString())),
           "positions never run backwards for the gate");
  }
}

// Text may have zeros before its number, or signs; what is printed of it has none.
void CheckGtid(const std::string& id) {
  const absl::StatusOr<Step> step = feed::StepOfTransaction(id, PositionForm::kGtidSets);
  if (!step.ok()) return;
  const std::string name = step->ToString();
  const absl::StatusOr<Step> again = feed::StepOfTransaction(name, PositionForm::kGtidSets);
  Expect(again.ok() && again->ToString() == name, "a step that is printed is read as the same");
  SourcePosition position = *SourcePosition::Parse("", PositionForm::kGtidSets);
  position.Advance(*step);
  Expect(position.Covers(*step) && !position.Covers(Step{step->stream, step->number + 1, {}}),
         "one step covers itself alone");
  CheckForm(position, true);
}

// What an event says is printed just so.
void CheckEvent(const std::string& id) {
  const absl::StatusOr<Step> step = feed::StepOfTransaction(id, PositionForm::kGtidSets);
  Expect(!step.ok() || step->ToString() == absl::AsciiStrToLower(id),
         "an event's GTID is the name of its step");
  CheckGtid(id);
}

}  // namespace

const size_t kInputMax = 256;

void Run(Input input) {
  if (const auto id = binlog::ReadGtid(input); id.has_value()) CheckEvent(*id);
  if (const auto id = binlog::ReadTaggedGtid(input); id.has_value()) CheckEvent(*id);
  Choices choices(input);
  const auto form = static_cast<PositionForm>(choices.Byte() % 4);
  const Input bytes = choices.Take(choices.Byte());
  const std::string text(bytes.begin(), bytes.end());
  CheckGtid(text);
  const absl::StatusOr<SourcePosition> position = SourcePosition::Parse(text, form);
  if (!position.ok()) {
    Expect(absl::IsFailedPrecondition(position.status()), "another kind of position is said so");
    return;
  }
  Walk(*position, Position::Parse(text).ok(), choices);
}

std::vector<std::string> Seeds() {
  const std::string uuid = kUuid;
  std::vector<std::string> seeds;
  const auto add = [&seeds](PositionForm form, const std::string& text, const std::string& steps) {
    seeds.push_back(std::string(1, static_cast<char>(form)) +
                    std::string(1, static_cast<char>(text.size())) + text + steps);
  };
  // How, which, number, and of rows how many.
  const std::string steps("\0\0\1\0\0\1\2\0\2\0\5\0\7\0\0\5\0\3\0\0\0\1\0\6\0", 25);
  for (const auto form : {PositionForm::kGtids, PositionForm::kOffsets, PositionForm::kGtidSets,
                          PositionForm::kFiles}) {
    add(form, "", steps);
  }
  add(PositionForm::kGtids, "0-1-5,1-2-7,rows.0:4398046511105,xa.0-1:7", steps);
  add(PositionForm::kOffsets, "orders/0:5,orders/1:7,orders/0#rows:4398046511105", steps);
  add(PositionForm::kGtidSets,
      uuid + ":1-5:7:pay:1-3,rows." + uuid + ":4398046511105,xa." + uuid + ":7", steps);
  add(PositionForm::kGtidSets, uuid + ":1-9223372036854775806", steps);
  add(PositionForm::kGtidSets, uuid + ":42", "");
  add(PositionForm::kGtidSets, uuid + ":pay:42", "");
  add(PositionForm::kFiles,
      "mysql-bin@" + uuid + ":51539607672,rows.mysql-bin@" + uuid + ":1,xa.mysql-bin@" + uuid +
          ":7",
      steps);
  // A GTID event, and one with a tag.
  seeds.push_back(std::string(1, '\1') + std::string(16, 'u') +
                  std::string("\x2a\0\0\0\0\0\0\0", 8));
  std::string tagged("\x02\x5a\0\0\0\x02", 6);
  for (int i = 0; i < 16; ++i) tagged += '\x24';
  tagged += std::string("\x04\xa8\x06\x06pay", 7);
  seeds.push_back(tagged);
  return seeds;
}

}  // namespace fundgate::fuzz
