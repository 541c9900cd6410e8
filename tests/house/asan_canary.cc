// Planted faults that the preset debug must report. With the argument "memory" it reads what was
// freed; with "arithmetic" it overflows a signed number.
#include <cstdio>
#include <limits>
#include <memory>
#include <string_view>

namespace {

// Volatile, so that the compiler neither sees the fault nor leaves it out.
int ReadFreed() {
  auto owner = std::make_unique<int>(7);
  int* volatile freed = owner.get();
  owner.reset();
  return *freed;
}

int Overflow() {
  volatile int highest = std::numeric_limits<int>::max();
  volatile int one = 1;
  return highest + one;
}

}  // namespace

int main(int argc, char** argv) {
  const bool is_memory = argc > 1 && std::string_view(argv[1]) == "memory";
  const int result = is_memory ? ReadFreed() : Overflow();
  std::printf("the fault went unseen: %d\n", result);
  return 0;
}
