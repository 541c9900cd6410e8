#include "tests/decoder/damage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>

#include "absl/strings/str_cat.h"
#include "server/sidecar/binlog/event.h"
#include "server/sidecar/binlog/reader.h"
#include "tests/decoder/trace.h"

namespace fundgate::decoder_testing {
namespace {

using binlog::EventHeader;

constexpr size_t kSizeAt = 9;  // of the header's field for the event's size
constexpr size_t kMagicSize = 4;

void SetSize(EventBytes& event) {
  for (size_t i = 0; i < 4; ++i) event[kSizeAt + i] = static_cast<uint8_t>(event.size() >> (8 * i));
}

// Reads events; each from memory that ends where it ends, so that the sanitizers see more.
absl::Status ReadStream(const std::vector<EventBytes>& events, size_t damaged,
                        const EventBytes& instead) {
  Trace trace;
  binlog::Reader reader(trace, {.file_name = "f"});
  for (size_t i = 0; i < events.size(); ++i) {
    const EventBytes& event = i == damaged ? instead : events[i];
    const auto exact = std::make_unique<uint8_t[]>(event.size());
    std::ranges::copy(event, exact.get());
    if (absl::Status read = reader.Apply({exact.get(), event.size()}, i); !read.ok()) return read;
  }
  return absl::OkStatus();
}

class Damager {
 public:
  explicit Damager(uint64_t seed) : random_(seed) {}

  size_t Below(size_t bound) { return random_() % bound; }

  // Changes one to eight bytes from `begin` on.
  void Flip(EventBytes& event, size_t begin) {
    const size_t count = 1 + Below(8);
    for (size_t i = 0; i < count && begin < event.size(); ++i) {
      uint8_t& byte = event[begin + Below(event.size() - begin)];
      byte = static_cast<uint8_t>(byte ^ (1 + Below(255)));
    }
  }

  void Cut(EventBytes& event, size_t least) {
    if (event.size() > least) event.resize(least + Below(event.size() - least));
  }

 private:
  std::mt19937_64 random_;  // the same numbers everywhere
};

}  // namespace

std::vector<EventBytes> EventsOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const EventBytes bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::vector<EventBytes> events;
  for (size_t at = kMagicSize; at + EventHeader::kSize <= bytes.size();) {
    const size_t size = binlog::ReadHeader(std::span(bytes).subspan(at)).size;
    if (size < EventHeader::kSize || size > bytes.size() - at) return {};
    events.emplace_back(bytes.begin() + static_cast<ptrdiff_t>(at),
                        bytes.begin() + static_cast<ptrdiff_t>(at + size));
    at += size;
  }
  return events;
}

void ExpectDamageDoesNoHarm(const std::vector<EventBytes>& events, int rounds) {
  ASSERT_FALSE(events.empty());
  ASSERT_TRUE(ReadStream(events, events.size(), {}).ok());
  for (size_t i = 0; i < events.size(); ++i) {
    const bool checked = i > 0 && binlog::ChecksumHolds(events[i]);
    for (int round = 0; round < rounds; ++round) {
      Damager damager(i * 1000 + static_cast<uint64_t>(round));
      EventBytes flipped = events[i];
      damager.Flip(flipped, 0);
      const absl::Status plain = ReadStream(events, i, flipped);
      if (checked && flipped != events[i]) {
        EXPECT_EQ(plain.code(), absl::StatusCode::kDataLoss) << plain;
        EXPECT_THAT(std::string(plain.message()),
                    testing::HasSubstr(absl::StrCat("f at offset ", i, ", event ")));
      }
      EventBytes cut = events[i];
      damager.Cut(cut, 0);
      EXPECT_EQ(ReadStream(events, i, cut).code(), absl::StatusCode::kDataLoss);
      // The same under a frame that holds: what comes out may be anything.
      EventBytes framed = events[i];
      damager.Flip(framed, EventHeader::kSize);
      if (round % 2 == 0) damager.Cut(framed, EventHeader::kSize + binlog::kChecksumSize);
      SetSize(framed);
      if (binlog::ChecksumHolds(events[i])) FixChecksum(framed);
      const absl::Status deep = ReadStream(events, i, framed);
      EXPECT_TRUE(deep.ok() || !deep.message().empty());
    }
  }
}

}  // namespace fundgate::decoder_testing
