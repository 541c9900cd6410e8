#include "server/sequencer/parking_lot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fundgate::sequencer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const SourceName kTill("till");
const SourceName kDb("pay_db");
const absl::Time kNoon = absl::FromUnixSeconds(1'800'000'000);

Pending CheckNumber(uint64_t arrival, absl::Duration answer_by = absl::Seconds(100)) {
  Pending check;
  check.input.body = core::CheckInput{};
  check.arrival = arrival;
  check.answer_by = answer_by;
  return check;
}

core::Wait For(std::vector<SourceName> sources, absl::Time proven_past) {
  return {.sources = std::move(sources),
          .after_positions = {},
          .proven_past = proven_past,
          .give_up_at = absl::InfiniteFuture()};
}

core::Resident Proven(const SourceName& name, absl::Time past, const std::string& position = "") {
  core::Resident resident;
  resident.of<core::Sources>()[name].proven_past = past;
  resident.of<core::Sources>()[name].position = *Position::Parse(position);
  return resident;
}

std::vector<uint64_t> ArrivalsOf(const std::vector<Pending>& taken) {
  std::vector<uint64_t> arrivals;
  for (const Pending& check : taken) arrivals.push_back(check.arrival);
  return arrivals;
}

TEST(ParkingLot, LetsOutInArrivalOrderWhatIsProven) {
  ParkingLot lot(10);
  lot.Park(CheckNumber(3), For({kTill}, kNoon));
  lot.Park(CheckNumber(1), For({kTill}, kNoon));
  lot.Park(CheckNumber(2), For({kTill}, kNoon + absl::Nanoseconds(1)));
  EXPECT_THAT(ArrivalsOf(lot.TakeProven(kTill, Proven(kTill, kNoon))), ElementsAre(1, 3));
  EXPECT_EQ(lot.size(), 1u);
  EXPECT_TRUE(lot.Awaits(kTill));
}

TEST(ParkingLot, KeepsWhatIsNotProvenLateEnough) {
  ParkingLot lot(10);
  lot.Park(CheckNumber(1), For({kTill}, kNoon));
  EXPECT_THAT(lot.TakeProven(kTill, Proven(kTill, kNoon - absl::Nanoseconds(1))), IsEmpty());
  EXPECT_THAT(lot.TakeProven(kTill, core::Resident()), IsEmpty());
  EXPECT_THAT(lot.TakeProven(kDb, Proven(kDb, kNoon)), IsEmpty());
}

TEST(ParkingLot, NeedsEverySourceOfAWait) {
  ParkingLot lot(10);
  lot.Park(CheckNumber(1), For({kDb, kTill}, kNoon));
  core::Resident resident = Proven(kTill, kNoon);
  EXPECT_THAT(lot.TakeProven(kTill, resident), IsEmpty());
  resident.of<core::Sources>()[kDb].proven_past = kNoon;
  EXPECT_THAT(ArrivalsOf(lot.TakeProven(kDb, resident)), ElementsAre(1));
  EXPECT_FALSE(lot.Awaits(kTill));
  EXPECT_FALSE(lot.Awaits(kDb));
}

TEST(ParkingLot, WaitsForAPositionToBeCovered) {
  ParkingLot lot(10);
  core::Wait wait;
  wait.after_positions[kTill] = *Position::Parse("till:42");
  lot.Park(CheckNumber(1), wait);
  EXPECT_TRUE(lot.Awaits(kTill));
  EXPECT_THAT(lot.TakeProven(kTill, Proven(kTill, kNoon, "till:41")), IsEmpty());
  EXPECT_THAT(ArrivalsOf(lot.TakeProven(kTill, Proven(kTill, absl::InfinitePast(), "till:42"))),
              ElementsAre(1));
}

TEST(ParkingLot, WaitsForBothProofAndPositionOfOneSource) {
  ParkingLot lot(10);
  core::Wait wait = For({kTill}, kNoon);
  wait.after_positions[kTill] = *Position::Parse("till:42");
  lot.Park(CheckNumber(1), wait);
  EXPECT_THAT(lot.TakeProven(kTill, Proven(kTill, kNoon, "till:41")), IsEmpty());
  EXPECT_THAT(ArrivalsOf(lot.TakeProven(kTill, Proven(kTill, kNoon, "till:43"))), ElementsAre(1));
}

TEST(ParkingLot, LetsOutWhatIsDue) {
  ParkingLot lot(10);
  EXPECT_EQ(lot.next_due(), absl::InfiniteDuration());
  lot.Park(CheckNumber(1, absl::Seconds(3)), For({kTill}, kNoon));
  lot.Park(CheckNumber(2, absl::Seconds(2)), For({kTill}, kNoon));
  lot.Park(CheckNumber(3, absl::Seconds(9)), For({kTill}, kNoon));
  EXPECT_EQ(lot.next_due(), absl::Seconds(2));
  EXPECT_THAT(ArrivalsOf(lot.TakeDue(absl::Seconds(3))), ElementsAre(1, 2));
  EXPECT_EQ(lot.next_due(), absl::Seconds(9));
  EXPECT_THAT(ArrivalsOf(lot.TakeAll()), ElementsAre(3));
  EXPECT_FALSE(lot.Awaits(kTill));
}

TEST(ParkingLot, IsFullAtItsCapacity) {
  ParkingLot lot(1);
  EXPECT_FALSE(lot.full());
  lot.Park(CheckNumber(1), For({kTill}, kNoon));
  EXPECT_TRUE(lot.full());
}

}  // namespace
}  // namespace fundgate::sequencer
