#include "tests/simulation/world.h"

#include "absl/strings/str_cat.h"
#include "server/store/verify.h"

namespace fundgate::simulation {
namespace {

// Everything that is healed has told everything within so many steps of a hundredth of a second.
constexpr int kSettlingMax = 600;
// So many of these are enough for the first rows to be told and proven.
constexpr int kCalmTurns = 25;

}  // namespace

World::World(const Setting& setting, const model::PolicyUnderTest& policy, bool tells)
    : setting_(setting),
      policy_(policy.compiled),
      scene_(policy),
      services_(scene_),
      rogues_(scene_, services_),
      operators_(scene_, policy.compiled),
      faults_(scene_, setting, feeders_) {
  if (tells) scene_.Tell();
  for (const char* name : {"bank", "pay_db", "till"}) feeders_.emplace(name, Feeder(scene_, name));
  Begin();
}

void World::Begin() {
  scene_.BeginStep(1);
  scene_.StartGate();
  if (scene_.gate() == nullptr) return;
  core::Input input;
  input.body = core::ApplyPolicyInput{"the policy under test", policy_, "operator", "", {}};
  scene_.Fail(scene_.gate()->Submit(std::move(input), std::nullopt, nullptr).ok()
                  ? std::nullopt
                  : std::optional<std::string>("the policy is not taken"));
  scene_.gate()->TurnWriter();
  scene_.gate()->TurnCommitter();
  for (int i = 0; i < 8; ++i) services_.Pay();
  // Most begin with something to give back.
  if (setting_.calm_beginning) PassCalmly();
}

bool World::Step(uint64_t seed) {
  scene_.BeginStep(seed);
  model::Dice& dice = scene_.dice();
  Act(dice);
  PassTime(dice);
  faults_.LookAfter();
  TurnAll(dice);
  return !failure().has_value();
}

void World::Act(model::Dice& dice) {
  if (setting_.reviews && dice.Percent(60)) return Review(dice);
  const uint64_t roll = dice.Roll(1000);
  if (services_.IsInAHurry() && dice.Percent(40)) return services_.AskApproved();
  if (roll < 300) return services_.Ask();
  if (roll < 370) return services_.AskAgain();
  if (roll < 410) return services_.AskApproved();
  if (roll < 620) return services_.GoOn();
  if (roll < 750) return services_.Pay();
  if (roll < 775) return services_.Guess();
  if (roll < 850) return setting_.rogues ? rogues_.Act() : services_.GoOn();
  if (roll < 860) return setting_.unreadable ? rogues_.WriteUnreadable() : services_.Pay();
  if (roll < 910) return setting_.operators ? operators_.Act() : services_.Ask();
  if (roll < 932) return setting_.leaps ? Leap(dice) : services_.Ask();
  if (roll < 970) return faults_.Strike();
  // Whoever operates it looks at its clock now and then.
  if (roll < 985 && scene_.follower().state().resident().clock.drifted) operators_.AcceptTime();
}

// Something is held, asked for once more, approved, held by something else, and asked for until its
// approval has ended.
void World::Review(model::Dice& dice) {
  if (services_.IsInAHurry() && dice.Percent(70)) return services_.AskApproved();
  const uint64_t roll = dice.Roll(100);
  if (roll < 10) return operators_.HoldSomebody();
  if (roll < 20) return services_.Ask();
  if (roll < 35) return services_.AskAgain();
  if (roll < 60) return operators_.ReviewHold();
  if (roll < 72) return operators_.HoldWhatWasApproved();
  if (roll < 92 || !LeapToTheEndOfAnApproval(dice)) return services_.AskApproved();
}

void World::PassTime(model::Dice& dice) {
  const uint64_t roll = dice.Roll(100);
  if (roll < 15) return;
  scene_.PassTime(roll < 95 ? absl::Microseconds(100 + dice.Roll(40'000))
                            : absl::Milliseconds(100 + dice.Roll(900)));
}

void World::PassCalmly() {
  for (int i = 0; i < kCalmTurns; ++i) {
    scene_.PassTime(absl::Milliseconds(10));
    TurnAll(scene_.dice());
  }
}

// Sometimes what was told before is old when the next one asks; mostly heads were read meanwhile.
void World::Leap(model::Dice& dice) {
  LeapAway(dice);
  if (dice.Percent(65)) PassCalmly();
}

void World::LeapAway(model::Dice& dice) {
  const uint64_t roll = dice.Roll(100);
  if (roll < 40 && LeapToTheEndOfAnApproval(dice)) return;
  if (roll < 55) return scene_.PassTime(absl::Seconds(1 + dice.Roll(20)));
  if (roll < 70) return scene_.PassTime(absl::Minutes(2 + dice.Roll(70)));
  if (roll < 87 || !MayLeapFar()) return scene_.PassTime(absl::Minutes(62 + dice.Roll(120)));
  // Longer than keys are kept. Nobody comes back to what was before.
  has_leapt_far_ = true;
  services_.ForgetAll();
  for (auto& [name, database] : scene_.databases()) database.ForgetLog();
  scene_.PassTime(absl::Hours(24 * 401));
}

// A moment before it, so that somebody may still be in time, and somebody else a moment late.
bool World::LeapToTheEndOfAnApproval(model::Dice& dice) {
  const std::optional<absl::Time> now = scene_.gate_time();
  const model::Model& known = scene_.follower().model();
  const std::optional<core::KeyId> id =
      model::PickKey(dice, known, [&](const core::KeyId&, const model::Key& key) {
        return key.waits && !key.approved.empty() && now.has_value() && key.approved_until > *now;
      });
  if (!id.has_value()) return false;
  const absl::Duration left = known.keys().at(*id).approved_until - *now;
  const absl::Duration before = absl::Milliseconds(20 + dice.Roll(450));
  if (left > before) scene_.PassTime(left - before);
  return true;
}

void World::TurnAll(model::Dice& dice) {
  for (uint64_t i = 1 + dice.Roll(3); i > 0; --i) {
    scene_.Deliver();
    for (auto& [name, feeder] : feeders_) {
      if (dice.Percent(60)) feeder.Turn();
    }
    if (scene_.gate() != nullptr && dice.Percent(80)) scene_.gate()->TurnWriter();
    if (scene_.gate() != nullptr && dice.Percent(75)) scene_.gate()->TurnCommitter();
    scene_.NoticeDeath();
  }
}

// Once, and not before all is told: what is told of keys that are forgotten can't be compared.
bool World::MayLeapFar() const {
  const auto& sources = scene_.follower().model().sources();
  for (const auto& [name, feeder] : feeders_) {
    const auto known = sources.find(name);
    if (known == sources.end() || known->second.position != scene_.databases().at(name).head()) {
      return false;
    }
  }
  return !has_leapt_far_;
}

bool World::HasSettled(absl::Time since) const {
  if (!scene_.follower().state().resident().clock.drifted && scene_.unanswered() == 0) {
    for (const auto& [name, feeder] : feeders_) {
      if (!feeder.HasTold(since)) return false;
    }
    return true;
  }
  return false;
}

void World::Settle() {
  const absl::Time since = scene_.now();
  for (int steps = 1; !failure().has_value() && !HasSettled(since); ++steps) {
    if (steps > kSettlingMax) {
      scene_.Fail("nothing is broken any more, but sources are not told or calls not answered");
    }
    scene_.PassTime(absl::Milliseconds(10));
    if (steps % 50 == 0 && scene_.follower().state().resident().clock.drifted) {
      operators_.AcceptTime();
    }
    faults_.LookAfter();
    TurnAll(scene_.dice());
  }
}

bool World::Finish() {
  if (failure().has_value()) return false;
  scene_.BeginStep(2);
  faults_.EndAll();
  // A store that broke is opened anew.
  if (scene_.gate() != nullptr && !scene_.gate()->statistics().failure.ok()) {
    scene_.KillGate(false);
    scene_.StartGate();
  }
  // Later than everything that may still be on its way.
  scene_.PassTime(absl::Seconds(3));
  // What is told last is proven by the next heads, and those by what is acknowledged before them.
  for (int round = 0; round < 5; ++round) Settle();
  if (scene_.MissesDrift()) scene_.Fail("the clocks run apart, and nobody is told");
  if (!failure().has_value()) {
    scene_.Fail(scene_.witness().AtTheEnd(scene_.follower().state(), scene_.follower().model()));
  }
  if (!failure().has_value()) Replay();
  return !failure().has_value();
}

void World::Replay() {
  scene_.StopGate();
  const absl::StatusOr<store::VerifyReport> report =
      store::VerifyByReplay(StoreOptions(scene_.shared_disk(), policy_), nullptr);
  if (!report.ok()) {
    scene_.Fail(absl::StrCat("the journal can't be replayed: ", report.status().ToString()));
  } else if (!report->difference.empty()) {
    scene_.Fail(absl::StrCat("the replay differs: ", report->difference));
  } else if (report->records < scene_.follower().newest()) {
    scene_.Fail(absl::StrCat("the journal has ", report->records, " records, ",
                             scene_.follower().newest(), " were durable"));
  }
}

}  // namespace fundgate::simulation
