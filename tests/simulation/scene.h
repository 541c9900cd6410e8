// What all actors of a run share: time, the network, the databases, and the gate's lives.
#ifndef TESTS_SIMULATION_SCENE_H_
#define TESTS_SIMULATION_SCENE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/core/input.h"
#include "server/core/outcome.h"
#include "tests/model/policy_under_test.h"
#include "tests/model/random_values.h"
#include "tests/simulation/database.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/follower.h"
#include "tests/simulation/gate.h"
#include "tests/simulation/network.h"
#include "tests/simulation/witness.h"

namespace fundgate::simulation {

// True time is what nobody in the scene can see: the wall clock is away from it as far as somebody
// set it, and the gate's own time goes as it goes.
class Scene {
 public:
  // What the caller hears, with the gate's time when it answered.
  using Reply =
      std::function<void(const absl::StatusOr<core::Answer>& answer, absl::Time gate_time)>;

  explicit Scene(const model::PolicyUnderTest& policy);

  // ---- For everybody ----

  // Of the step at hand.
  model::Dice& dice() { return dice_; }
  absl::Time now() const { return now_; }
  // What a client that keeps time well takes for the gate's time; nothing while there is no gate.
  std::optional<absl::Time> gate_time() const;

  // Calls the gate over the network. The reply comes at any time, twice, or never.
  void Call(core::Input input, std::optional<absl::Duration> time_left, Reply reply);
  // The same over a stream, whose messages arrive in order there and back.
  struct Stream {
    absl::Time latest_there = absl::InfinitePast();
    absl::Time latest_back = absl::InfinitePast();
  };
  void CallInOrder(const std::shared_ptr<Stream>& stream, core::Input input, Reply reply);

  std::map<std::string, Database>& databases() { return databases_; }
  const std::map<std::string, Database>& databases() const { return databases_; }
  Witness& witness() { return witness_; }
  const Follower& follower() const { return follower_; }
  // Sources that the gate asked to be probed since they were last taken.
  std::map<std::string, absl::Time>& wanted_probes() { return wanted_probes_; }

  // Something is wrong; the first one counts.
  void Fail(std::optional<std::string> what);
  const std::optional<std::string>& failure() const { return failure_; }
  void Tell() {
    tells_ = true;
    follower_.Tell();
  }
  void Note(const std::string& what);
  std::string TakeStory();

  // ---- For who turns the world ----

  void BeginStep(uint64_t seed) { dice_ = model::Dice(seed); }
  void PassTime(absl::Duration length) { now_ += length; }
  void SetWallClock(absl::Duration by);
  // The gate's clocks are apart, and it has not noticed.
  bool MissesDrift() const;
  // Messages that are due arrive.
  void Deliver() { network_.Deliver(now_); }
  Network& network() { return network_; }
  Disk& disk() { return *disk_; }
  std::shared_ptr<Disk> shared_disk() { return disk_; }

  // Null while no process runs.
  Gate* gate() { return gate_.get(); }
  // Notices that the gate's process has ended, and clears up after it.
  void NoticeDeath();
  void StartGate();
  // The process ends at once; with the power gone, so does what was not synced.
  void KillGate(bool power_goes);
  // Ends the process as whoever operates it does, and leaves the disk to be looked at.
  void StopGate();
  uint64_t lives() const { return lives_; }
  // Calls of this life that were taken and have got no answer yet.
  uint64_t unanswered() const { return unanswered_; }

 private:
  void Arrive(core::Input input, std::optional<absl::Duration> time_left, const Reply& reply,
              const std::function<void(Network::Message)>& send_back);
  void Answered(const core::Input& input, uint64_t wall_sets,
                const absl::StatusOr<core::Answer>& answer);
  std::optional<std::string> FalseDrift(const core::Input& input) const;

  const std::shared_ptr<const core::Policy> policy_;
  model::Dice dice_{1};
  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
  absl::Duration wall_offset_;
  uint64_t wall_sets_ = 0;
  // How far the wall clock would be away from true time if it agreed with the gate's; nothing if it
  // was set while an acceptance was on its way.
  std::optional<absl::Duration> agreed_offset_;
  std::optional<uint64_t> agreed_sets_;  // of wall_sets_, once an operator has accepted the time
  uint64_t arrivals_ = 0;
  Network network_{Network::Weather()};
  std::map<std::string, Database> databases_;
  Witness witness_;
  Follower follower_;
  std::map<std::string, absl::Time> wanted_probes_;
  const std::shared_ptr<Disk> disk_ = std::make_shared<Disk>();
  bool power_went_ = false;
  uint64_t lives_ = 0;
  uint64_t unanswered_ = 0;
  std::optional<std::string> failure_;
  bool tells_ = false;
  std::string story_;
  std::unique_ptr<Gate> gate_;  // last: it speaks to all of the above
};

}  // namespace fundgate::simulation

#endif  // TESTS_SIMULATION_SCENE_H_
