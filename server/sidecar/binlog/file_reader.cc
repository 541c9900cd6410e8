#include "server/sidecar/binlog/file_reader.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/sidecar/binlog/event.h"

namespace fundgate::binlog {
namespace {

constexpr std::array<uint8_t, 4> kMagic = {0xfe, 'b', 'i', 'n'};

struct Closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

class File {
 public:
  static absl::StatusOr<File> Open(const std::string& path) {
    std::FILE* handle = std::fopen(path.c_str(), "rbe");
    if (handle == nullptr)
      return absl::ErrnoToStatus(errno, absl::StrCat("the binlog ", path, " can't be opened"));
    File file(path, handle);
    struct stat about = {};
    if (::fstat(::fileno(handle), &about) != 0 || !S_ISREG(about.st_mode))
      return absl::FailedPreconditionError(path + " is no file");
    file.size_ = static_cast<uint64_t>(about.st_size);
    return file;
  }

  // Bytes that the file had when it was opened and that aren't read yet.
  uint64_t left() const { return size_ - at_; }
  uint64_t at() const { return at_; }

  // Fills `out`, of which left() has enough.
  absl::Status Read(std::span<uint8_t> out) {
    if (std::fread(out.data(), 1, out.size(), handle_.get()) != out.size()) {
      return absl::UnavailableError(
          absl::StrCat(path_, " can't be read at offset ", at_, "; is it still there?"));
    }
    at_ += out.size();
    return absl::OkStatus();
  }

 private:
  File(std::string path, std::FILE* handle) : path_(std::move(path)), handle_(handle) {}

  std::string path_;
  std::unique_ptr<std::FILE, Closer> handle_;
  uint64_t size_ = 0;
  uint64_t at_ = 0;
};

absl::Status CheckMagic(const std::string& path, File& file) {
  std::array<uint8_t, kMagic.size()> magic = {};
  if (file.left() >= magic.size()) FUNDGATE_RETURN_IF_ERROR(file.Read(magic));
  if (magic == kMagic) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(path, " is not a binlog, or its beginning is damaged: it doesn't start with the",
                   " four bytes fe 62 69 6e; copy binlogs as binary files"));
}

}  // namespace

absl::Status ReadFile(const std::string& path, TransactionListener& listener,
                      ReaderOptions options) {
  absl::StatusOr<File> file = File::Open(path);
  if (!file.ok()) return file.status();
  FUNDGATE_RETURN_IF_ERROR(CheckMagic(path, *file));
  options.file_name = path.substr(path.rfind('/') + 1);
  Reader reader(listener, std::move(options));
  std::vector<uint8_t> event;
  while (file->left() > 0) {
    const uint64_t offset = file->at();
    event.resize(std::min<uint64_t>(EventHeader::kSize, file->left()));
    FUNDGATE_RETURN_IF_ERROR(file->Read(event));
    // A damaged size is the reader's to tell; it must only not cost memory that the file can't
    // fill.
    const uint64_t size = event.size() < EventHeader::kSize ? 0 : ReadHeader(event).size;
    if (size > event.size()) {
      const size_t head = event.size();
      event.resize(head + std::min<uint64_t>(size - head, file->left()));
      FUNDGATE_RETURN_IF_ERROR(file->Read(std::span(event).subspan(head)));
    }
    FUNDGATE_RETURN_IF_ERROR(reader.Apply(event, offset));
  }
  return absl::OkStatus();
}

}  // namespace fundgate::binlog
