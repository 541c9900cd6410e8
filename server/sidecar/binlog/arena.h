// Memory for the texts of one row.
#ifndef SERVER_SIDECAR_BINLOG_ARENA_H_
#define SERVER_SIDECAR_BINLOG_ARENA_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace fundgate::binlog {

// Hands out memory that never moves and is taken back all at once. Keeps what a usual row needs;
// what a huge value took is given back at Clear.
class Arena {
 public:
  // Room for `size` bytes, never null: iconv and zlib end the process or fail on null also where
  // nothing is to be written. Only what Finish then says is kept.
  char* Reserve(size_t size) {
    if (at_ == nullptr || size > static_cast<size_t>(end_ - at_)) [[unlikely]]
      Grow(size);
    return at_;
  }

  // Keeps what was written from the last Reserve up to `end`.
  std::string_view Finish(const char* end) {
    const std::string_view text(at_, static_cast<size_t>(end - at_));
    at_ += text.size();
    return text;
  }

  void Clear() {
    if (blocks_.size() > 1) blocks_.resize(1);
    if (blocks_.empty()) return;
    at_ = blocks_[0].bytes.get();
    end_ = at_ + blocks_[0].size;
  }

 private:
  static constexpr size_t kBlock = size_t{64} << 10;

  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
  };

  void Grow(size_t size) {
    // The first block stays for good: a huge value must not become it.
    if (blocks_.empty() && size > kBlock) Grow(kBlock);
    const size_t room = std::max(size, kBlock);
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(room), room});
    at_ = blocks_.back().bytes.get();
    end_ = at_ + room;
  }

  std::vector<Block> blocks_;
  char* at_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_ARENA_H_
