#include "server/expression/scratch.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>

namespace fundgate::expression {
namespace {

constexpr size_t kAlignment = alignof(Value);
// The first block that is allocated; each further one is twice as large.
constexpr size_t kFirstBlockBytes = 4096;
constexpr size_t kFirstTextBytes = 32;

constexpr size_t Rounded(size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

Scratch::Scratch(size_t bytes_max) : bytes_max_(bytes_max) {}

Scratch::Scratch(std::span<std::byte> first, size_t bytes_max)
    : bytes_max_(bytes_max), first_(first) {}

void Scratch::Clear() { Rewind({0, 0, 0}); }

void Scratch::Rewind(const Mark& mark) {
  block_ = mark.block;
  at_ = mark.at;
  used_ = mark.used;
}

std::span<std::byte> Scratch::BlockAt(size_t block) const {
  if (block == 0) return first_;
  return {more_[block - 1].memory.get(), more_[block - 1].size};
}

std::byte* Scratch::Take(size_t bytes) {
  const size_t rounded = Rounded(bytes);
  if (rounded < bytes || rounded > bytes_max_ - std::min(used_, bytes_max_)) return nullptr;
  while (rounded > BlockAt(block_).size() - at_) {
    if (block_ == more_.size()) {
      const size_t size = std::max(rounded, kFirstBlockBytes << std::min<size_t>(block_, 20));
      more_.push_back({std::unique_ptr<std::byte[]>(new std::byte[size]), size});
    }
    ++block_;
    at_ = 0;
  }
  std::byte* taken = BlockAt(block_).data() + at_;
  at_ += rounded;
  used_ += rounded;
  return taken;
}

Value* Scratch::TakeValues(size_t count) {
  if (count > std::numeric_limits<size_t>::max() / sizeof(Value)) return nullptr;
  // Never null on success, also for nothing: null says that it failed.
  return reinterpret_cast<Value*>(Take(std::max<size_t>(count, 1) * sizeof(Value)));
}

char* Scratch::TakeBytes(size_t count) {
  return reinterpret_cast<char*>(Take(std::max<size_t>(count, 1)));
}

bool Scratch::Extend(const char* piece, size_t from, size_t to) {
  const std::span<std::byte> block = BlockAt(block_);
  const size_t old = Rounded(std::max<size_t>(from, 1));
  const bool newest = at_ >= old && reinterpret_cast<const std::byte*>(piece) == &block[at_ - old];
  const size_t more = Rounded(to) - old;
  if (!newest || more > block.size() - at_ || more > bytes_max_ - std::min(used_, bytes_max_)) {
    return false;
  }
  at_ += more;
  used_ += more;
  return true;
}

bool Scratch::Owns(const void* pointer) const {
  const auto* place = static_cast<const std::byte*>(pointer);
  for (size_t i = 0; i <= block_; ++i) {
    const std::span<std::byte> block = BlockAt(i);
    // std::less orders pointers of different arrays as well.
    const bool before = std::less<>()(place, block.data());
    if (!before && std::less<>()(place, block.data() + block.size())) return true;
  }
  return false;
}

bool TextBuilder::Reserve(size_t size) {
  if (size <= capacity_) return true;
  const size_t wanted = std::max({size, 2 * capacity_, kFirstTextBytes});
  if (data_ != nullptr && scratch_.Extend(data_, capacity_, wanted)) {
    capacity_ = wanted;
    return true;
  }
  char* moved = scratch_.TakeBytes(wanted);
  if (moved == nullptr) return false;
  if (size_ != 0) std::memcpy(moved, data_, size_);
  data_ = moved;
  capacity_ = wanted;
  return true;
}

void TextBuilder::Append(std::string_view text) {
  failed_ = failed_ || !Reserve(size_ + text.size());
  if (failed_ || text.empty()) return;
  std::memcpy(data_ + size_, text.data(), text.size());
  size_ += text.size();
}

Value TextBuilder::ToString() const {
  return failed_ ? Value::Error(ErrorCode::kTooMuchMemory) : Value::String(text());
}

Value TextBuilder::ToBytes() const {
  return failed_ ? Value::Error(ErrorCode::kTooMuchMemory) : Value::Bytes(text());
}

}  // namespace fundgate::expression
