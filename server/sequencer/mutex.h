// A lock that the compiler can check: std::mutex and std::condition_variable with clang's
// thread-safety attributes. Other compilers see plain locks.
#ifndef SERVER_SEQUENCER_MUTEX_H_
#define SERVER_SEQUENCER_MUTEX_H_

#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"

#if defined(__clang__)
#define FUNDGATE_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define FUNDGATE_THREAD_ATTRIBUTE(x)
#endif
// On a member: read and written only while `mutex` is held.
#define FUNDGATE_GUARDED_BY(mutex) FUNDGATE_THREAD_ATTRIBUTE(guarded_by(mutex))
// On a function: the caller holds `mutex`.
#define FUNDGATE_REQUIRES(mutex) FUNDGATE_THREAD_ATTRIBUTE(requires_capability(mutex))
// On a function: the caller does not hold `mutex`.
#define FUNDGATE_EXCLUDES(mutex) FUNDGATE_THREAD_ATTRIBUTE(locks_excluded(mutex))

namespace fundgate::sequencer {

class FUNDGATE_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() FUNDGATE_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void Unlock() FUNDGATE_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// Holds the mutex for the length of a scope.
class FUNDGATE_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) FUNDGATE_THREAD_ATTRIBUTE(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() FUNDGATE_THREAD_ATTRIBUTE(release_capability()) { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Both waits may return early: ask again what was waited for.
class CondVar {
 public:
  void Wait(Mutex& mutex) FUNDGATE_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    changed_.wait(lock);
    lock.release();  // the caller holds it on
  }

  // At most for `length` of real time; for ever if that is infinite.
  void WaitFor(Mutex& mutex, absl::Duration length) FUNDGATE_REQUIRES(mutex) {
    if (length == absl::InfiniteDuration()) return Wait(mutex);
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    changed_.wait_for(lock, absl::ToChronoNanoseconds(length));
    lock.release();
  }

  void NotifyOne() { changed_.notify_one(); }
  void NotifyAll() { changed_.notify_all(); }

 private:
  std::condition_variable changed_;
};

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_MUTEX_H_
