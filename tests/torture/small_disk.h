// A disk of its own that is small enough to be filled.
#ifndef TESTS_TORTURE_SMALL_DISK_H_
#define TESTS_TORTURE_SMALL_DISK_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "absl/status/status.h"

namespace fundgate::torture {

// An ext4 of that size in a file, mounted by a loop device where no other process sees it: the
// mount ends with this process, however that ends. Fails where mounting isn't allowed; then `path`
// is an ordinary folder.
class SmallDisk {
 public:
  // Below `folder`: the file "disk" and the folder "gate".
  SmallDisk(const std::string& folder, int mib);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::string& path() const { return path_; }
  const absl::Status& mounted() const { return mounted_; }

  // Takes all the room that is left, and gives it back. Only if it is mounted.
  absl::Status Fill();
  void MakeRoom();

 private:
  absl::Status Mount(int mib);
  std::string Filler() const { return path_ + "/filler"; }

  const std::string file_;
  const std::string path_;
  absl::Status mounted_;
};

// Writes and syncs on the same disk as fast as it can: others wait for theirs.
class BusyNeighbour {
 public:
  explicit BusyNeighbour(const std::string& folder);
  ~BusyNeighbour();

 private:
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace fundgate::torture

#endif  // TESTS_TORTURE_SMALL_DISK_H_
