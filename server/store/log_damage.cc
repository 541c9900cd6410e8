#include "server/store/log_damage.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"

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

// From some sector on there are zeros: the rest of it never reached the disk.
bool IsCutShort(std::string_view log, size_t begin, size_t end) {
  for (size_t sector = (begin + kSectorBytes - 1) / kSectorBytes * kSectorBytes; sector < end;
       sector += kSectorBytes) {
    const std::string_view bytes = log.substr(sector, std::min(kSectorBytes, end - sector));
    if (bytes.find_first_not_of('\0') == std::string_view::npos) return true;
  }
  return false;
}

// The first byte of a record that was damaged, or npos.
size_t DamageIn(std::string_view log) {
  size_t unreadable = std::string_view::npos;
  for (size_t begin = 0; begin < log.size(); begin += kBlockBytes) {
    const std::string_view block = log.substr(begin, kBlockBytes);
    size_t at = 0;
    while (at + kHeaderBytes <= block.size()) {
      const Piece piece = PieceAt(block, at);
      if (piece.sound) {
        if (unreadable != std::string_view::npos) {
          // Of what was never synced a later sector may have come, and an earlier one not.
          const bool was_lost = IsCutShort(log, unreadable, begin + at);
          return was_lost ? std::string_view::npos : unreadable;
        }
        at += piece.size;
        continue;
      }
      if (unreadable == std::string_view::npos) {
        unreadable = begin + at;
        const size_t end = unreadable + piece.size;
        if (piece.size > 0 && !IsCutShort(log, unreadable, end)) return unreadable;
      }
      ++at;  // the next that can be read may begin anywhere
    }
  }
  return std::string_view::npos;
}

}  // namespace

absl::Status FindLogDamage(const std::string& directory) {
  std::vector<std::string> logs;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".log") logs.push_back(entry.path());
  }
  if (error == std::errc::no_such_file_or_directory) return absl::OkStatus();
  if (error) return absl::UnavailableError(absl::StrCat(directory, ": ", error.message()));
  std::sort(logs.begin(), logs.end());
  for (const std::string& path : logs) {
    std::ifstream file(path, std::ios::binary);
    const std::string log(std::istreambuf_iterator<char>(file), {});
    if (!file.good() && !file.eof()) return absl::UnavailableError(path + " can't be read");
    const size_t damage = DamageIn(log);
    if (damage == std::string_view::npos) continue;
    return absl::DataLossError(absl::StrCat(
        path, " was changed at byte ", damage,
        " or behind: what was acknowledged after that can't be read. Keep this directory for the "
        "inquiry, and restore the newest backup; or start once with --restored 'log damaged', "
        "which "
        "goes on without what is missing and holds all checks until that can do no harm"));
  }
  return absl::OkStatus();
}

}  // namespace fundgate::store
