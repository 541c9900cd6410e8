#include "server/store/log_damage.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "rocksdb/env.h"

namespace fundgate::store {
namespace {

constexpr size_t kBlockBytes = 32768;
constexpr size_t kHeaderBytes = 7;
constexpr size_t kSectorBytes = 512;

// CRC-32C (Castagnoli, reflected), as RFC 3720 has it.
constexpr std::array<uint32_t, 256> CrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1U) ^ ((rest & 1U) != 0 ? 0x82F63B78U : 0U);
    table[byte] = rest;
  }
  return table;
}

uint32_t Crc(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = CrcTable();
  uint32_t crc = 0xFFFFFFFFU;
  for (const char byte : bytes) {
    crc = kTable[(crc ^ static_cast<uint8_t>(byte)) & 0xFFU] ^ (crc >> 8U);
  }
  return ~crc;
}

uint32_t Masked(uint32_t crc) { return ((crc >> 15U) | (crc << 17U)) + 0xA282EAD8U; }

uint32_t Number(std::string_view bytes) {
  uint32_t number = 0;
  for (size_t i = bytes.size(); i-- > 0;) number = number << 8U | static_cast<uint8_t>(bytes[i]);
  return number;
}

// What lies at a place of a block, if it looks like a record.
struct Piece {
  size_t size = 0;  // with its header; 0: none
  bool sound = false;
};

Piece PieceAt(std::string_view block, size_t at) {
  if (block.size() - at < kHeaderBytes) return {};
  const std::string_view rest = block.substr(at);
  const size_t length = Number(rest.substr(4, 2));
  const auto type = static_cast<uint8_t>(rest[6]);
  if (type < 1 || type > 4 || length > rest.size() - kHeaderBytes) return {};
  return {kHeaderBytes + length,
          Masked(Crc(rest.substr(6, length + 1))) == Number(rest.substr(0, 4))};
}

bool IsZero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

// Whether a record that begins with zeros, as many as lie in the last `missing` bytes of a sector,
// is sound but for them: then that sector never reached the disk, and those behind it did.
bool LacksItsFirstBytes(std::string_view log, size_t begin, size_t missing) {
  // With the whole checksum missing there is nothing to compare with. Zeros by nature it is once in
  // four thousand million records.
  constexpr size_t kChecksum = 4;
  if (missing >= kChecksum) return true;
  const std::string_view block = log.substr(begin / kBlockBytes * kBlockBytes, kBlockBytes);
  const Piece piece = PieceAt(block, begin % kBlockBytes);
  if (piece.size == 0) return false;
  const uint32_t masked = Masked(Crc(log.substr(begin + 6, piece.size - 6)));
  const uint32_t bits = 8 * static_cast<uint32_t>(missing);
  return masked >> bits == Number(log.substr(begin, kChecksum)) >> bits;
}

// Of what begins at `begin` and ends before `end`, a sector never reached the disk: it holds zeros,
// as the log was laid out with. Of its first one that is the part behind what was synced.
bool IsCutShort(std::string_view log, size_t begin, size_t end) {
  size_t sector = (begin + kSectorBytes - 1) / kSectorBytes * kSectorBytes;
  if (sector > begin && sector <= log.size() && IsZero(log.substr(begin, sector - begin)) &&
      LacksItsFirstBytes(log, begin, sector - begin)) {
    return true;
  }
  // Whole ones: that part of one is zero says nothing.
  for (; sector < end; sector += kSectorBytes) {
    if (IsZero(log.substr(sector, kSectorBytes))) return true;
  }
  return false;
}

// A sector may be brought to the disk while it is written, and holds the first part of a record
// then. Who wrote it comes back to it before any sync, unless power fails: so it is the last one.
bool EndsWithZeros(std::string_view log, size_t end) {
  constexpr size_t kZeros = 8;
  return end >= kZeros && IsZero(log.substr(end - kZeros, kZeros));
}

// Where a log can be read no further although something follows that can, or should.
struct Break {
  std::string path;
  size_t at = 0;
  bool by_crash = false;  // sectors are missing; else bytes were changed
};

// `at` and `by_crash` of the first one.
std::optional<Break> FirstBreak(std::string_view log) {
  size_t unreadable = std::string_view::npos;
  for (size_t begin = 0; begin < log.size(); begin += kBlockBytes) {
    const std::string_view block = log.substr(begin, kBlockBytes);
    size_t at = 0;
    while (at + kHeaderBytes <= block.size()) {
      const Piece piece = PieceAt(block, at);
      if (piece.sound) {
        if (unreadable != std::string_view::npos) {
          // Of what was never synced a later sector may have come, and an earlier one not.
          return Break{.at = unreadable, .by_crash = IsCutShort(log, unreadable, begin + at)};
        }
        at += piece.size;
        continue;
      }
      if (unreadable == std::string_view::npos) {
        unreadable = begin + at;
        const size_t end = unreadable + piece.size;
        if (piece.size > 0 && !IsCutShort(log, unreadable, end) && !EndsWithZeros(log, end)) {
          return Break{.at = unreadable};
        }
      }
      ++at;  // the next that can be read may begin anywhere
    }
  }
  return std::nullopt;
}

absl::StatusOr<std::vector<Break>> Breaks(const std::string& directory) {
  std::vector<std::string> logs;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".log") logs.push_back(entry.path());
  }
  std::vector<Break> breaks;
  if (error == std::errc::no_such_file_or_directory) return breaks;
  if (error) return absl::UnavailableError(absl::StrCat(directory, ": ", error.message()));
  std::sort(logs.begin(), logs.end());
  for (const std::string& path : logs) {
    std::string log;
    const rocksdb::Status read = rocksdb::ReadFileToString(rocksdb::Env::Default(), path, &log);
    if (!read.ok())
      return absl::UnavailableError(absl::StrCat("reading ", path, ": ", read.ToString()));
    std::optional<Break> found = FirstBreak(log);
    if (!found.has_value()) continue;
    found->path = path;
    breaks.push_back(*std::move(found));
  }
  return breaks;
}

absl::Status RefuseDamage(const std::vector<Break>& breaks) {
  for (const Break& found : breaks) {
    if (found.by_crash) continue;
    return absl::DataLossError(absl::StrCat(
        found.path, " was changed at byte ", found.at,
        " or behind: what was acknowledged after that can't be read. Keep a copy of this directory "
        "for the inquiry, and restore the newest backup; or start once with --restored 'log "
        "damaged', which goes on without what is missing and holds all checks until that can do no "
        "harm"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckLogs(const std::string& directory) {
  FUNDGATE_ASSIGN_OR_RETURN(const std::vector<Break> breaks, Breaks(directory));
  FUNDGATE_RETURN_IF_ERROR(RefuseDamage(breaks));
  if (breaks.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      breaks.front().path, " lacks what was written at byte ", breaks.front().at,
      ", and has something behind it: the machine went down while the gate ran. Start the gate "
      "once, which ends the log there, and try again"));
}

absl::Status PrepareLogs(const std::string& directory, bool accepts_damage) {
  FUNDGATE_ASSIGN_OR_RETURN(const std::vector<Break> breaks, Breaks(directory));
  if (!accepts_damage) FUNDGATE_RETURN_IF_ERROR(RefuseDamage(breaks));
  for (const Break& found : breaks) {
    // Of the record that can't be read a byte is left. Recovery takes it for the head of a torn
    // one, and so nothing from logs behind this one; a log that ends with a record it takes for
    // whole. Not synced: what is cut again leaves the same.
    std::error_code error;
    std::filesystem::resize_file(found.path, found.at + 1, error);
    if (error) {
      return absl::UnavailableError(
          absl::StrCat("ending ", found.path, " at byte ", found.at, ": ", error.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace fundgate::store
