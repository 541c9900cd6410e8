// A machine over a real store in a folder of the test's own.
#ifndef TESTS_STORE_STORE_WORLD_H_
#define TESTS_STORE_STORE_WORLD_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "server/core/machine.h"
#include "server/store/store.h"
#include "tests/store/power_loss_file_system.h"

namespace fundgate::store::testing {

// A folder that goes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Every policy's text compiles to the core's worked policy.
Options OptionsFor(const std::string& directory);

// Puts inputs into a machine over a store, one group each unless told otherwise.
class StoreWorld {
 public:
  explicit StoreWorld(Options options);

  // Policy, epoch, a payment of CNY 1000.00 for order o1 and a probe.
  void Begin();

  // Judges and appends; does not write.
  core::Answer Append(decltype(core::Input::body) body);
  // Judges, appends, writes and syncs.
  core::Answer Put(decltype(core::Input::body) body);
  absl::Status Commit();
  // Writes what was appended, unsynced; the number of the group.
  absl::StatusOr<uint64_t> Write();

  // A refund of CNY 1.00 of order o1 of account m1.
  core::CheckInput NewCheck(const std::string& key) const;

  absl::Time now() const { return now_; }
  void Advance(absl::Duration duration) { now_ += duration; }
  Store& store() const { return *store_; }
  void Close() { store_.reset(); }
  void Reopen();

 private:
  Options options_;
  std::unique_ptr<Store> store_;
  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
};

}  // namespace fundgate::store::testing

#endif  // TESTS_STORE_STORE_WORLD_H_
