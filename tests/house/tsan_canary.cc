// A planted data race: two threads write one number without a lock. The preset tsan must report it,
// with the project's suppressions on; if it doesn't, its silence about other tests proves nothing.
#include <cstdio>
#include <thread>

namespace {

int shared_number = 0;

void Write() {
  for (int i = 0; i < 1000; ++i) ++shared_number;
}

}  // namespace

int main() {
  std::thread one(Write);
  std::thread two(Write);
  one.join();
  two.join();
  std::printf("the race went unseen: %d\n", shared_number);
  return 0;
}
