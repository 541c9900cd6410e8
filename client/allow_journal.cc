#include "client/allow_journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::client {
namespace {

uint64_t HashOf(const std::string& bytes) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : bytes) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3ULL;
  return hash;
}

std::string LineOf(char kind, const google::protobuf::Message& message) {
  const std::string payload = message.SerializeAsString();
  return absl::StrCat(std::string(1, kind), " ", absl::Base64Escape(payload), " ",
                      absl::Hex(HashOf(payload), absl::kZeroPad16), "\n");
}

absl::Status SystemError(const std::string& what, const std::string& path) {
  return absl::UnavailableError(absl::StrCat(what, " ", path, ": ", std::strerror(errno)));
}

absl::Status WriteAll(int file, const std::string& bytes, const std::string& path) {
  size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t count = ::write(file, bytes.data() + written, bytes.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return SystemError("writing", path);
    written += static_cast<size_t>(count);
  }
  if (::fdatasync(file) != 0) return SystemError("syncing", path);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadAll(int file, const std::string& path) {
  std::string bytes;
  char buffer[4096];
  for (;;) {
    const ssize_t count = ::read(file, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError("reading", path);
    if (count == 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(count));
  }
}

// The payload of a line that is whole.
std::optional<std::string> PayloadOf(const std::string& line) {
  const std::vector<std::string> words = absl::StrSplit(line, ' ');
  std::string payload;
  uint64_t hash = 0;
  if (words.size() != 3 || words[0].size() != 1 || !absl::Base64Unescape(words[1], &payload) ||
      !absl::SimpleHexAtoi(words[2], &hash) || hash != HashOf(payload)) {
    return std::nullopt;
  }
  return payload;
}

bool SameMovement(const v1::CheckRequest& a, const v1::CheckRequest& b) {
  return a.checkpoint() == b.checkpoint() && a.idempotency_key() == b.idempotency_key();
}

bool Take(char kind, const std::string& payload, AllowJournal::Left& left) {
  v1::TakeLeaseRequest lease;
  v1::ReportAllowedRequest allowed;
  switch (kind) {
    case 'L':
      if (!lease.ParseFromString(payload)) return false;
      left.leases.push_back(lease);
      return true;
    case 'E':
      if (!lease.ParseFromString(payload)) return false;
      std::erase_if(left.leases, [&lease](const v1::TakeLeaseRequest& taken) {
        return taken.ends_lease_id() == lease.ends_lease_id();
      });
      return true;
    case 'A':
      if (!allowed.ParseFromString(payload)) return false;
      left.unreported.push_back(allowed);
      return true;
    case 'R':
      if (!allowed.ParseFromString(payload)) return false;
      std::erase_if(left.unreported, [&allowed](const v1::ReportAllowedRequest& waiting) {
        return SameMovement(waiting.check(), allowed.check());
      });
      return true;
    default:
      return false;
  }
}

absl::Status Read(const std::string& bytes, const std::string& path, AllowJournal::Left& left) {
  size_t number = 0;
  for (size_t begin = 0; begin < bytes.size();) {
    const size_t end = bytes.find('\n', begin);
    if (end == std::string::npos) return absl::OkStatus();  // cut off: never acted on
    ++number;
    const std::string line = bytes.substr(begin, end - begin);
    begin = end + 1;
    const std::optional<std::string> payload = PayloadOf(line);
    if (!payload.has_value() || !Take(line.front(), *payload, left)) {
      return absl::DataLossError(absl::StrCat(
          path, ":", number,
          ": this line is damaged, and with it what was allowed while the gate could not be asked; "
          "mend it from a copy, or move the file away and report by hand what moved"));
    }
  }
  return absl::OkStatus();
}

// A folder's entry is on disk once the folder is.
absl::Status SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return SystemError("opening", folder);
  const bool synced = ::fsync(file) == 0;
  const absl::Status status = synced ? absl::OkStatus() : SystemError("syncing", folder);
  ::close(file);
  return status;
}

std::string TextOf(const AllowJournal::Left& left) {
  std::string text;
  for (const v1::TakeLeaseRequest& lease : left.leases) absl::StrAppend(&text, LineOf('L', lease));
  for (const v1::ReportAllowedRequest& allowed : left.unreported) {
    absl::StrAppend(&text, LineOf('A', allowed));
  }
  return text;
}

// The file with what is left alone, in the place of the old one; locked.
absl::StatusOr<int> WriteAnew(const std::string& path, const AllowJournal::Left& left) {
  const std::string fresh = path + ".new";
  const int file = ::open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return SystemError("making", fresh);
  absl::Status status = WriteAll(file, TextOf(left), fresh);
  if (status.ok() && ::flock(file, LOCK_EX | LOCK_NB) != 0) status = SystemError("locking", fresh);
  if (status.ok() && ::rename(fresh.c_str(), path.c_str()) != 0) {
    status = SystemError("renaming", fresh);
  }
  if (status.ok()) status = SyncFolderOf(path);
  if (status.ok()) return file;
  ::close(file);
  return status;
}

}  // namespace

absl::StatusOr<std::unique_ptr<AllowJournal>> AllowJournal::Open(const std::string& path,
                                                                 Left* left) {
  const int old = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (old < 0) return SystemError("opening", path);
  if (::flock(old, LOCK_EX | LOCK_NB) != 0) {
    ::close(old);
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": another process has this file; each process needs one of its own"));
  }
  absl::StatusOr<std::string> bytes = ReadAll(old, path);
  absl::Status status = bytes.status();
  if (status.ok()) status = Read(*bytes, path, *left);
  const absl::StatusOr<int> file =
      status.ok() ? WriteAnew(path, *left) : absl::StatusOr<int>(status);
  ::close(old);
  if (!file.ok()) return file.status();
  return std::unique_ptr<AllowJournal>(new AllowJournal(path, *file));
}

AllowJournal::~AllowJournal() { ::close(file_); }

absl::Status AllowJournal::Reported(const v1::ReportAllowedRequest& allowed) {
  v1::ReportAllowedRequest named;
  named.mutable_check()->set_checkpoint(allowed.check().checkpoint());
  named.mutable_check()->set_idempotency_key(allowed.check().idempotency_key());
  return Append('R', named);
}

absl::Status AllowJournal::Append(char kind, const google::protobuf::Message& message) {
  if (failure_.ok()) failure_ = WriteAll(file_, LineOf(kind, message), path_);
  return failure_;
}

}  // namespace fundgate::client
