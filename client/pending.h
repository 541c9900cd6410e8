// The calls of one client that have not ended yet.
#ifndef CLIENT_PENDING_H_
#define CLIENT_PENDING_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>

namespace fundgate::client {

// A call that can be given up. Cancel may be called from any thread, also more than once.
class Cancellable {
 public:
  virtual ~Cancellable() = default;
  virtual void Cancel() = 0;
};

// Thread safety: all methods may be called from any threads at once.
class Pending {
 public:
  // From now on CloseAndWait cancels `call`. A call added after CloseAndWait is cancelled at once.
  void Add(const std::shared_ptr<Cancellable>& call) {
    bool closed = false;
    {
      const std::lock_guard lock(mutex_);
      calls_.insert(call);
      closed = closed_;
    }
    if (closed) call->Cancel();
  }

  // The call's callback has returned: nobody waits for it any more.
  void Remove(const std::shared_ptr<Cancellable>& call) {
    const std::lock_guard lock(mutex_);
    calls_.erase(call);
    if (calls_.empty()) none_left_.notify_all();
  }

  // Cancels every call and returns when all have been removed.
  void CloseAndWait() {
    std::set<std::shared_ptr<Cancellable>> calls;
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      calls = calls_;
    }
    for (const auto& call : calls) call->Cancel();
    std::unique_lock lock(mutex_);
    none_left_.wait(lock, [this] { return calls_.empty(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_left_;             // with mutex_
  std::set<std::shared_ptr<Cancellable>> calls_;  // protected by mutex_
  bool closed_ = false;                           // protected by mutex_
};

}  // namespace fundgate::client

#endif  // CLIENT_PENDING_H_
