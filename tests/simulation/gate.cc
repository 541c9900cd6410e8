#include "tests/simulation/gate.h"

#include <string>
#include <string_view>
#include <utility>

#include "fundgate/types/status_macros.h"
#include "server/core/machine.h"

namespace fundgate::simulation {
namespace {

constexpr uint64_t kCacheBytes = uint64_t{1} << 20;
constexpr uint64_t kWriteBufferBytes = uint64_t{64} << 20;  // never full, so nothing is compacted

// The store, which has recovered from a full disk when it says that the disk is full: RocksDB goes
// on in a thread of its own, and how long that takes must not show. So groups that were written
// before are synced at once; the disk has no room all the same until somebody makes some. And it
// complains of whoever goes on with a state of which a part was not written.
class SettledStore final : public store::Store {
 public:
  SettledStore(std::unique_ptr<store::Store> store, std::shared_ptr<Disk> disk,
               std::function<void(const std::string&)> complain)
      : store_(std::move(store)), disk_(std::move(disk)), complain_(std::move(complain)) {}

  const core::StateReader& state() const override { return store_->state(); }
  absl::Status Append(const core::Input& input, const core::Outcome& outcome) override {
    if (is_void_) complain_("the gate goes on with a state of which a part was not written");
    return store_->Append(input, outcome);
  }
  uint64_t EndGroup() override { return store_->EndGroup(); }
  absl::Status Write(uint64_t group) override {
    absl::Status written = store_->Write(group);
    is_void_ = !written.ok();
    if (absl::IsResourceExhausted(written)) Settle();
    return written;
  }
  uint64_t written() const override { return store_->written(); }
  absl::Status Sync(uint64_t group) override { return store_->Sync(group); }
  absl::Status Reload() override {
    if (disk_->is_full()) return absl::ResourceExhaustedError("the disk is full");
    absl::Status loaded = store_->Reload();
    if (loaded.ok()) is_void_ = false;
    return loaded;
  }
  std::shared_ptr<const store::View> view() const override { return store_->view(); }
  store::StorageStatistics statistics() const override { return store_->statistics(); }
  absl::Status Checkpoint(const std::string& directory) override {
    return store_->Checkpoint(directory);
  }

 private:
  void Settle() {
    // Which of the threads writes what from here on is nobody's to decide: no fault may count it.
    disk_->DisarmPower();
    // If it fails, so does every later sync.
    store_->Sync(store_->written()).IgnoreError();
    absl::Status loaded = store_->Reload();
    while (!loaded.ok() && !absl::IsDataLoss(loaded)) {
      disk_->AwaitOthers();
      loaded = store_->Reload();
    }
  }

  const std::unique_ptr<store::Store> store_;
  const std::shared_ptr<Disk> disk_;
  const std::function<void(const std::string&)> complain_;
  bool is_void_ = false;
};

}  // namespace

store::Options StoreOptions(std::shared_ptr<Disk> disk,
                            std::shared_ptr<const core::Policy> policy) {
  store::Options options;
  options.directory = "/gate";
  options.compile_policy = [policy = std::move(policy)](std::string_view)
      -> absl::StatusOr<std::shared_ptr<const core::Policy>> { return policy; };
  options.file_system = std::move(disk);
  options.block_cache_bytes = kCacheBytes;
  options.write_buffer_bytes = kWriteBufferBytes;
  return options;
}

absl::StatusOr<std::unique_ptr<Gate>> Gate::Start(Surroundings surroundings) {
  std::unique_ptr<Gate> gate(new Gate(std::move(surroundings)));
  FUNDGATE_RETURN_IF_ERROR(gate->Open());
  return gate;
}

absl::Status Gate::Open() {
  FUNDGATE_ASSIGN_OR_RETURN(
      std::unique_ptr<store::Store> store,
      store::Store::Open(StoreOptions(surroundings_.disk, surroundings_.policy)));
  store_ =
      std::make_unique<SettledStore>(std::move(store), surroundings_.disk, surroundings_.complain);
  clock_ = std::make_unique<sequencer::InputClock>(surroundings_.time,
                                                   store_->state().resident().clock.time);
  FUNDGATE_ASSIGN_OR_RETURN(pipeline_, sequencer::Pipeline::Create(
                                           {}, *store_, *clock_,
                                           [this](const core::Input& input) {
                                             return core::Machine(store_->state()).Apply(input);
                                           },
                                           [this](const std::vector<SourceName>& sources) {
                                             if (is_alive()) surroundings_.request_probe(sources);
                                           },
                                           [this](const absl::Status&) { ended_ = true; }));
  pipeline_->AddObserver(
      [this](Sequence sequence, const core::Input& input, const core::Outcome& outcome) {
        surroundings_.observe(sequence, input, outcome);
      });
  return absl::OkStatus();
}

bool Gate::is_alive() const { return !ended_ && surroundings_.disk->is_powered(); }

absl::Status Gate::Submit(core::Input input, std::optional<absl::Duration> time_left,
                          sequencer::Callback done) {
  return pipeline_->Submit(std::move(input), time_left,
                           [this, done = std::move(done)](absl::StatusOr<core::Answer> answer) {
                             if (!is_alive()) return;
                             if (answers_left_.has_value() && (*answers_left_)-- == 0) {
                               ended_ = true;
                               return;
                             }
                             if (done) done(std::move(answer));
                           });
}

void Gate::TurnWriter() {
  while (is_alive() && pipeline_->writer_needs_committer()) TurnCommitter();
  if (is_alive()) pipeline_->TurnWriter(absl::ZeroDuration());
}

void Gate::TurnCommitter() {
  if (is_alive() && pipeline_->committer_has_work()) pipeline_->TurnCommitter();
}

void Gate::ShutDown() {
  pipeline_->CloseQueue();
  const auto finish_groups = [this] {
    while (is_alive() && pipeline_->committer_has_work()) pipeline_->TurnCommitter();
  };
  // The writer may wait for them, and nobody else turns the committer.
  finish_groups();
  while (is_alive() && pipeline_->TurnWriter(absl::ZeroDuration())) finish_groups();
  ended_ = true;
}

}  // namespace fundgate::simulation
