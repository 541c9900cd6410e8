// Records of the state and the journal, as they are read from disk: any bytes as a record.
//
// The first byte chooses the kind of record; the rest is its stored value.
#include <array>

#include "server/store/fields.h"
#include "server/store/keys.h"
#include "server/store/records.h"
#include "tests/fuzz/fuzzer.h"

namespace fundgate::fuzz {
namespace {

// What is read is written and read again.
template <typename Record>
void TryRecord(std::string_view bytes) {
  const absl::StatusOr<Record> read = store::DecodeRecord<Record>(bytes);
  if (!read.ok()) {
    Expect(absl::IsDataLoss(read.status()), "bytes that are no record are lost data");
    return;
  }
  const std::string written = store::EncodeRecord(*read);
  const absl::StatusOr<Record> again = store::DecodeRecord<Record>(written);
  Expect(again.ok(), "what was written can be read");
  Expect(store::EncodeRecord(*again) == written, "a record is written in one way");
}

template <typename Id>
void ExpectKey(std::string_view bytes, std::optional<Id> (*parse)(std::string_view),
               std::string (*write)(const Id&)) {
  const std::optional<Id> id = parse(bytes);
  if (id) Expect(write(*id) == bytes, "a key names one thing");
}

void TryKeys(std::string_view bytes) {
  ExpectKey(bytes, store::ParseBookKey, store::BookKey);
  ExpectKey(bytes, store::ParseFamilyKey, store::FamilyKey);
  ExpectKey(bytes, store::ParseMovementKey, store::MovementKey);
  ExpectKey(bytes, store::ParseTimerKey, store::TimerKey);
}

using Try = void (*)(std::string_view);

constexpr std::array kTries = {
    Try(TryKeys),
    Try(TryRecord<core::KeyRecord>),
    Try(TryRecord<core::Book>),
    Try(TryRecord<core::Family>),
    Try(TryRecord<core::Window>),
    Try(TryRecord<core::Source>),
    Try(TryRecord<core::Breaker>),
    Try(TryRecord<core::Gap>),
    Try(TryRecord<core::Suspect>),
    Try(TryRecord<core::Violation>),
    Try(TryRecord<core::Group>),
    Try(TryRecord<core::Alert>),
    Try(TryRecord<core::Watch>),
    Try(TryRecord<core::PolicyRecord>),
    Try(TryRecord<core::Sighting>),
    Try(TryRecord<core::Input>),
    Try(TryRecord<core::Answer>),
};

template <typename Record>
std::string Seed(const Record& record, Try kind) {
  size_t number = 0;
  while (kTries[number] != kind) ++number;
  return std::string(1, static_cast<char>(number)) + store::EncodeRecord(record);
}

core::Input CheckSeed() {
  core::CheckInput check;
  check.request_id = "q";
  check.key = {MovementKind("refund"), IdempotencyKey("r1")};
  check.account = AccountId("m1");
  check.amount = Money::Parse("CNY 12.34").value();
  check.lines = {core::Line{OrderId("o1"), 1234, {{"fee", 4}, {"net", 1230}}}};
  check.attributes = {{"payee", std::string("x")}};
  check.after_positions = {{SourceName("db"), Position::Parse("0-1-2").value()}};
  check.arrived_at = absl::FromUnixSeconds(1);
  return {absl::FromUnixSeconds(1), check};
}

core::Input IngestSeed() {
  core::Contribution paid;
  paid.status = core::MovementStatus::kHappened;
  paid.key = IdempotencyKey("p1");
  paid.account = AccountId("m1");
  paid.line = core::Line{OrderId("o1"), 100, {}};
  paid.currency = Money::Parse("CNY 1.00").value().currency;
  core::MovementEvent movement;
  movement.kind = MovementKind("payment");
  movement.row = {"pay.payment", "7"};
  movement.after = paid;
  core::IngestInput input;
  input.source = SourceName("db");
  input.position = Position::Parse("0-1-3").value();
  input.events = {core::Event{"0-1-3/0", absl::FromUnixSeconds(1), movement, {}}};
  return {absl::FromUnixSeconds(1), input};
}

}  // namespace

const size_t kInputMax = 512;

void Run(Input input) {
  Choices in(input);
  const uint8_t choice = in.Byte();
  const Input rest = in.Rest();
  const std::string bytes(rest.begin(), rest.end());
  kTries[choice % kTries.size()](bytes);
}

std::vector<std::string> Seeds() {
  const core::BookId book = {"order", AccountId("m1"), OrderId("o1"),
                             Money::Parse("CNY 1.00").value().currency};
  core::Decision decision;
  decision.id = core::DecisionId(1);
  decision.verdict = core::Verdict::kAllow;
  return {std::string(1, '\0') + store::BookKey(book),
          std::string(1, '\0') + store::MovementKey({MovementKind("refund"), IdempotencyKey("r1")}),
          Seed(core::KeyRecord(), TryRecord<core::KeyRecord>),
          Seed(core::Book(), TryRecord<core::Book>),
          Seed(core::Window(), TryRecord<core::Window>),
          Seed(core::Source(), TryRecord<core::Source>),
          Seed(core::Violation(), TryRecord<core::Violation>),
          Seed(core::Watch(), TryRecord<core::Watch>),
          Seed(core::PolicyRecord(), TryRecord<core::PolicyRecord>),
          Seed(CheckSeed(), TryRecord<core::Input>),
          Seed(IngestSeed(), TryRecord<core::Input>),
          Seed(core::Answer(decision), TryRecord<core::Answer>)};
}

}  // namespace fundgate::fuzz
