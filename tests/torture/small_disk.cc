#include "tests/torture/small_disk.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "tests/end_to_end/processes.h"

namespace fundgate::torture {
namespace {

absl::Status Failed(const std::string& what) {
  return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(errno)));
}

absl::Status Run(const std::vector<std::string>& command) {
  end_to_end::Process process(command);
  process.ReadAll();
  const int code = process.Wait();
  if (code == 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(command.front(), " ended with ", code));
}

}  // namespace

SmallDisk::SmallDisk(const std::string& folder, int mib)
    : file_(folder + "/disk"), path_(folder + "/gate") {
  std::filesystem::create_directory(path_);
  mounted_ = Mount(mib);
}

absl::Status SmallDisk::Mount(int mib) {
  if (::unshare(CLONE_NEWNS) != 0) return Failed("a view of the mounts of one's own");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return Failed("keeping mounts to oneself");
  }
  const int file = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return Failed(file_);
  const bool sized = ::ftruncate(file, off_t{mib} << 20) == 0;
  ::close(file);
  if (!sized) return Failed(file_);
  FUNDGATE_RETURN_IF_ERROR(Run({"/sbin/mkfs.ext4", "-q", "-F", "-m", "0", file_}));
  FUNDGATE_RETURN_IF_ERROR(Run({"/bin/mount", "-o", "loop", file_, path_}));
  std::filesystem::remove(path_ + "/lost+found");
  return absl::OkStatus();
}

SmallDisk::~SmallDisk() {
  if (mounted_.ok()) ::umount2(path_.c_str(), MNT_DETACH);
}

absl::Status SmallDisk::Fill() {
  const int file = ::open(Filler().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return Failed(Filler());
  off_t size = 0;
  // By ever smaller pieces, until not even a block is left.
  for (off_t piece = off_t{64} << 20; piece >= 512;) {
    const int failed = ::posix_fallocate(file, size, piece);
    if (failed == 0) {
      size += piece;
    } else if (failed == ENOSPC) {
      piece /= 2;
    } else if (failed != EINTR) {
      ::close(file);
      errno = failed;
      return Failed(Filler());
    }
  }
  ::close(file);
  return absl::OkStatus();
}

void SmallDisk::MakeRoom() { std::filesystem::remove(Filler()); }

BusyNeighbour::BusyNeighbour(const std::string& folder)
    : thread_([this, name = folder + "/neighbour"] {
        const int file = ::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        const std::string block(size_t{1} << 20, 'x');
        for (int i = 0; !stop_; ++i) {
          // It may be that there is no room: then it syncs what is there.
          (void)!::pwrite(file, block.data(), block.size(), off_t{i % 8} << 20);
          ::fsync(file);
        }
        ::close(file);
        std::filesystem::remove(name);
      }) {}

BusyNeighbour::~BusyNeighbour() {
  stop_ = true;
  thread_.join();
}

}  // namespace fundgate::torture
