// What a file says, read again when it has changed.
#ifndef SERVER_SECURITY_RELOADED_H_
#define SERVER_SECURITY_RELOADED_H_

#include <sys/stat.h>

#include <ctime>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "fundgate/types/status_macros.h"
#include "server/log/log.h"

namespace fundgate::security {

// How often the file is looked at, at most: on the way of whoever asks for what it says.
inline constexpr absl::Duration kLookEvery = absl::Seconds(1);

// Any thread. To be replaced by a rename: a half-written file may be read as it is.
template <typename T>
class Reloaded {
 public:
  using Read = std::function<absl::StatusOr<std::shared_ptr<const T>>(const std::string& file)>;

  // What `read` says of the file. `log` hears later of each new version, read or refused; one that
  // is refused leaves the one before in force. `steady`: a clock that never goes back.
  static absl::StatusOr<std::unique_ptr<Reloaded>> Open(std::string file, Read read,
                                                        logging::Log log,
                                                        std::function<absl::Duration()> steady) {
    auto reloaded = std::unique_ptr<Reloaded>(
        new Reloaded(std::move(file), std::move(read), std::move(log), std::move(steady)));
    reloaded->version_ = VersionOf(reloaded->file_);
    FUNDGATE_ASSIGN_OR_RETURN(reloaded->present_, reloaded->read_(reloaded->file_));
    return reloaded;
  }

  std::shared_ptr<const T> Get() {
    const std::lock_guard lock(mutex_);
    const absl::Duration now = steady_();
    if (now >= look_at_) {
      look_at_ = now + kLookEvery;
      Look();
    }
    return present_;
  }

 private:
  struct Version {
    ino_t file = 0;
    off_t size = 0;
    int64_t modified = 0;  // content and permissions, in nanoseconds
    int64_t changed = 0;
    friend bool operator==(const Version&, const Version&) = default;
  };

  Reloaded(std::string file, Read read, logging::Log log, std::function<absl::Duration()> steady)
      : file_(std::move(file)),
        read_(std::move(read)),
        log_(std::move(log)),
        steady_(std::move(steady)) {}

  static Version VersionOf(const std::string& file) {
    struct stat found {};
    if (::stat(file.c_str(), &found) != 0) return {};
    const auto nanoseconds = [](const timespec& time) {
      return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
    };
    return {found.st_ino, found.st_size, nanoseconds(found.st_mtim), nanoseconds(found.st_ctim)};
  }

  void Look() {
    const Version version = VersionOf(file_);
    if (version == version_) return;
    version_ = version;
    absl::StatusOr<std::shared_ptr<const T>> read = read_(file_);
    if (read.ok()) {
      present_ = *std::move(read);
      log_.Info("read a changed file again", {{"file", file_}});
    } else {
      log_.Warning("what stood in a changed file before stays in force",
                   {{"file", file_}, {"reason", std::string(read.status().message())}});
    }
  }

  const std::string file_;
  const Read read_;
  const logging::Log log_;
  const std::function<absl::Duration()> steady_;

  std::mutex mutex_;  // over all below
  absl::Duration look_at_ = -absl::InfiniteDuration();
  Version version_;
  std::shared_ptr<const T> present_;
};

}  // namespace fundgate::security

#endif  // SERVER_SECURITY_RELOADED_H_
