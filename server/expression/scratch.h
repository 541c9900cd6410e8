// Memory for what a run builds: joined strings, computed lists and maps.
#ifndef SERVER_EXPRESSION_SCRATCH_H_
#define SERVER_EXPRESSION_SCRATCH_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "server/expression/value.h"

namespace fundgate::expression {

// A stack of memory that the caller of Program::Evaluate keeps and reuses: after some runs it has
// grown to what they need and allocates no more. What a run built stays valid until Clear(),
// Rewind() below it, or the end of the scratch. One thread at a time.
class Scratch {
 public:
  // What all runs since Clear() may build together unless said otherwise.
  static constexpr size_t kBytesMax = size_t{1} << 20;

  explicit Scratch(size_t bytes_max = kBytesMax);
  // Uses `first` before it allocates anything; `first` outlives the scratch.
  explicit Scratch(std::span<std::byte> first, size_t bytes_max = kBytesMax);
  Scratch(Scratch&&) noexcept = default;
  Scratch& operator=(Scratch&&) noexcept = default;
  ~Scratch() = default;

  // Gives everything back, keeping the memory for the next run.
  void Clear();

  // Bytes handed out since Clear().
  size_t used() const { return used_; }

  // For functions that build: room for `count` values or bytes, or null when bytes_max would be
  // passed; then the function returns Value::Error(ErrorCode::kTooMuchMemory). Of values the caller
  // writes each before it is read.
  Value* TakeValues(size_t count);
  char* TakeBytes(size_t count);
  // Makes the newest piece of bytes longer where it stands; false if it can't be.
  bool Extend(const char* piece, size_t from, size_t to);

  // Whether what the pointer shows lies in this scratch.
  bool Owns(const void* pointer) const;

  // A state to come back to: what was taken since is given back.
  struct Mark {
    size_t block;
    size_t at;
    size_t used;
  };
  Mark mark() const { return {block_, at_, used_}; }
  void Rewind(const Mark& mark);

 private:
  struct Block {
    std::unique_ptr<std::byte[]> memory;
    size_t size;
  };

  std::byte* Take(size_t bytes);
  std::span<std::byte> BlockAt(size_t block) const;

  size_t bytes_max_;
  std::span<std::byte> first_;
  std::vector<Block> more_;
  size_t block_ = 0;  // 0 is first_, n is more_[n - 1]
  size_t at_ = 0;     // in the block; always a multiple of the alignment
  size_t used_ = 0;
};

// Text that grows piece by piece in scratch memory.
class TextBuilder {
 public:
  explicit TextBuilder(Scratch& scratch) : scratch_(scratch) {}

  void Append(std::string_view text);
  void Append(char c) { Append(std::string_view(&c, 1)); }
  std::string_view text() const { return {data_, size_}; }
  // Whether there was no memory for a piece; what is appended then is lost.
  bool failed() const { return failed_; }
  // The text as a string or as bytes, or the error kTooMuchMemory.
  Value ToString() const;
  Value ToBytes() const;

 private:
  bool Reserve(size_t size);

  Scratch& scratch_;
  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
  bool failed_ = false;
};

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_SCRATCH_H_
