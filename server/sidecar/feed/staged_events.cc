#include "server/sidecar/feed/staged_events.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::feed {
namespace {

// A file without a name where the file system can do that, else one whose name is taken away.
int OpenUnnamed(const std::string& folder) {
  const int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) return file;
  std::string name = absl::StrCat(folder, "/fundgate-sidecar-XXXXXX");
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

}  // namespace

StagedEvents::StagedEvents(size_t memory_bytes_max, std::string folder)
    : memory_bytes_max_(memory_bytes_max), folder_(std::move(folder)) {}

absl::Status StagedEvents::FileError(const char* what) const {
  return {errno == ENOSPC ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kUnavailable,
          absl::StrCat(what, " a temporary file in ", folder_,
                       " for a large transaction: ", std::strerror(errno),
                       "; make room there, or name another folder with --spill-folder")};
}

absl::Status StagedEvents::Append(v1::Event event) {
  const size_t size = event.ByteSizeLong();
  const bool fits = file_ == nullptr && (count_ == 0 || memory_bytes_ + size <= memory_bytes_max_);
  if (!fits) FUNDGATE_RETURN_IF_ERROR(Spill(event));
  ++count_;
  bytes_ += size;
  if (!fits) return absl::OkStatus();
  memory_bytes_ += size;
  memory_.push_back({std::move(event), size});
  return absl::OkStatus();
}

absl::Status StagedEvents::Spill(const v1::Event& event) {
  if (file_ == nullptr) {
    const int file = OpenUnnamed(folder_);
    if (file < 0) return FileError("can't make");
    file_.reset(::fdopen(file, "w+b"));
  }
  const std::string bytes = event.SerializeAsString();
  const auto size = static_cast<uint32_t>(bytes.size());
  if (std::fwrite(&size, sizeof(size), 1, file_.get()) != 1 ||
      std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) {
    return FileError("can't write");
  }
  return absl::OkStatus();
}

absl::Status StagedEvents::ReadBack() {
  if (!std::exchange(reading_, true)) {
    if (std::fflush(file_.get()) != 0) return FileError("can't write");
    std::rewind(file_.get());
  }
  uint32_t size = 0;
  if (std::fread(&size, sizeof(size), 1, file_.get()) != 1) return FileError("can't read");
  std::string bytes(size, '\0');
  v1::Event event;
  if (std::fread(bytes.data(), 1, size, file_.get()) != size || !event.ParseFromString(bytes)) {
    return FileError("can't read");
  }
  memory_bytes_ += size;
  memory_.push_back({std::move(event), size});
  return absl::OkStatus();
}

absl::StatusOr<v1::Event*> StagedEvents::Front() {
  if (count_ == 0) return nullptr;
  if (memory_.empty()) FUNDGATE_RETURN_IF_ERROR(ReadBack());
  return &memory_.front().event;
}

void StagedEvents::Pop() {
  memory_bytes_ -= memory_.front().size;
  bytes_ -= memory_.front().size;
  memory_.pop_front();
  --count_;
}

void StagedEvents::Clear() { *this = StagedEvents(memory_bytes_max_, folder_); }

}  // namespace fundgate::feed
