// What a fuzzer is: one file that defines Run, Seeds and kInputMax, and a main beside it.
//
// With libfuzzer_main.cc, under preset fuzz, libFuzzer looks for inputs that break something
// (tools/fuzz). With replay_main.cc, under every other preset, the same file is an ordinary test:
// the seeds, many small changes of them, and every case of tests/fuzz/regressions are run.
#ifndef TESTS_FUZZ_FUZZER_H_
#define TESTS_FUZZ_FUZZER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fundgate::fuzz {

using Input = std::span<const uint8_t>;

// Longer inputs find nothing that shorter ones don't, and cost time.
extern const size_t kInputMax;

// Runs one input: the result depends on it alone. Ends the process where something that is promised
// doesn't hold.
void Run(Input input);

// Inputs to begin with, made by the project's own writers, that reach what random bytes rarely do.
std::vector<std::string> Seeds();

// Ends the process, saying what was promised, unless it holds.
void Expect(bool holds, std::string_view promise);

// Reads an input from its beginning: what an input's bytes choose. At its end all choices are 0.
class Choices {
 public:
  explicit Choices(Input input) : left_(input) {}

  bool empty() const { return left_.empty(); }
  uint8_t Byte();
  uint16_t Short();         // the low byte first
  Input Take(size_t size);  // as many as are left at most
  Input Rest() { return Take(left_.size()); }

 private:
  Input left_;
};

}  // namespace fundgate::fuzz

#endif  // TESTS_FUZZ_FUZZER_H_
