#include "tests/simulation/faults.h"

#include <vector>

#include "absl/strings/str_cat.h"

namespace fundgate::simulation {
namespace {

constexpr uint64_t kBeginningsMax = 4;

}  // namespace

bool Faults::may_begin_anew() const { return scene_.lives() + resumes_ < kBeginningsMax; }

void Faults::Strike() {
  model::Dice& dice = scene_.dice();
  switch (dice.Roll(8)) {
    case 0:
    case 1:
      return StrikeGate();
    case 2:
    case 3:
      return StrikeDisk();
    case 4:
      return StrikeClock();
    case 5:
    case 6:
      return StrikeDatabase();
    default:
      if (!setting_.storms || weather_at_.has_value()) return;
      scene_.Note("the network drops everything");
      scene_.network().SetWeather({.dropped = 100});
      weather_at_ = scene_.now() + absl::Milliseconds(dice.Roll(3000));
  }
}

void Faults::StrikeGate() {
  model::Dice& dice = scene_.dice();
  if (!setting_.power || !may_begin_anew() || scene_.gate() == nullptr) return;
  switch (dice.Roll(6)) {
    case 0:
      return scene_.KillGate(true);
    case 1:
      return scene_.KillGate(false);
    case 2:
    case 3:
      // In the middle of whatever it writes then.
      return scene_.disk().CutPowerAt(1 + dice.Roll(12), dice.Roll(101));
    case 4:
      return scene_.gate()->DieAfterAnswers(dice.Roll(4));
    default:
      return scene_.StopGate();
  }
}

void Faults::StrikeDisk() {
  model::Dice& dice = scene_.dice();
  if (!setting_.disk || !may_begin_anew() || room_at_.has_value()) return;
  switch (dice.Roll(4)) {
    case 0:
      scene_.Note("the disk fails to write");
      return scene_.disk().FailNextAppend();
    case 1:
      scene_.Note("the disk fails to sync");
      return scene_.disk().FailNextSync();
    default:
      scene_.Note("the disk is full");
      scene_.disk().SetFull(true);
      ++resumes_;
      room_at_ = scene_.now() + absl::Milliseconds(dice.Roll(2000));
  }
}

void Faults::StrikeClock() {
  model::Dice& dice = scene_.dice();
  if (!setting_.clocks) return;
  static const std::vector<absl::Duration> kJumps = {absl::Milliseconds(300), absl::Seconds(1),
                                                     absl::Seconds(3), absl::Minutes(5),
                                                     absl::Hours(1)};
  const absl::Duration jump = dice.Pick(kJumps) * (dice.Percent(50) ? 1 : -1);
  scene_.Note(absl::StrCat("somebody sets the wall clock by ", absl::FormatDuration(jump)));
  scene_.SetWallClock(jump);
}

void Faults::StrikeDatabase() {
  model::Dice& dice = scene_.dice();
  static const std::vector<std::string> kNames = {"bank", "pay_db", "till"};
  const std::string& name = dice.Pick(kNames);
  feeders_.at(name).Disconnect();
  if (dice.Percent(40)) scene_.databases().at(name).TellAgain();
  if (!setting_.failovers || dice.Percent(40)) return scene_.Note(absl::StrCat(name, " restarts"));
  scene_.Note(absl::StrCat(name, " fails over"));
  scene_.databases().at(name).FailOver(dice.Roll(dice.Percent(50) ? 12 : 50));
}

void Faults::LookAfter() {
  model::Dice& dice = scene_.dice();
  scene_.NoticeDeath();
  if (room_at_.has_value() && *room_at_ <= scene_.now()) {
    scene_.Note("the disk has room again");
    scene_.disk().SetFull(false);
    room_at_.reset();
  }
  if (weather_at_.has_value() && *weather_at_ <= scene_.now()) {
    scene_.network().SetWeather({});
    weather_at_.reset();
  }
  if (scene_.gate() == nullptr) {
    if (!start_at_.has_value()) start_at_ = scene_.now() + absl::Milliseconds(dice.Roll(1500));
    if (*start_at_ > scene_.now()) return;
    start_at_.reset();
    scene_.StartGate();
    return;
  }
  // It can't write and will not by itself: whoever operates it starts it again.
  const absl::Status failure = scene_.gate()->statistics().failure;
  if (!failure.ok() && !absl::IsResourceExhausted(failure) && !room_at_.has_value() &&
      dice.Percent(10)) {
    scene_.KillGate(false);
  }
}

void Faults::EndAll() {
  scene_.disk().DisarmPower();
  scene_.disk().SetFull(false);
  scene_.network().SetWeather({.dropped = 0, .doubled = 0, .delayed = 0});
  room_at_.reset();
  weather_at_.reset();
  scene_.NoticeDeath();
  while (scene_.gate() == nullptr && !scene_.failure().has_value()) scene_.StartGate();
}

}  // namespace fundgate::simulation
