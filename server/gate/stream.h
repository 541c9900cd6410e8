// What all streaming calls have in common on gRPC's callback API: answers are queued and written
// one after another, and the call ends once, after them.
#ifndef SERVER_GATE_STREAM_H_
#define SERVER_GATE_STREAM_H_

#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "server/gate/grpc_status.h"
#include "server/sequencer/mutex.h"

namespace fundgate::gate {

// Something that lasts until it is told to end: the gate drains.
class Drainable {
 public:
  virtual ~Drainable() = default;
  virtual void Drain() = 0;
};

// The open streams, to be ended when the gate drains. Any thread.
class OpenStreams {
 public:
  // False if all have been drained already: the newcomer is to be, too.
  bool Add(std::weak_ptr<Drainable> stream) {
    const sequencer::MutexLock lock(mutex_);
    if (drained_) return false;
    // Ended ones are swept out when as many have come as had stayed: constant cost each.
    if (streams_.size() >= sweep_at_) {
      std::erase_if(streams_, [](const auto& open) { return open.expired(); });
      sweep_at_ = 2 * streams_.size() + 16;
    }
    streams_.push_back(std::move(stream));
    return true;
  }

  void Drain() {
    std::vector<std::weak_ptr<Drainable>> streams;
    {
      const sequencer::MutexLock lock(mutex_);
      drained_ = true;
      streams.swap(streams_);
    }
    for (const auto& open : streams) {
      if (const std::shared_ptr<Drainable> stream = open.lock()) stream->Drain();
    }
  }

 private:
  sequencer::Mutex mutex_;
  std::vector<std::weak_ptr<Drainable>> streams_ FUNDGATE_GUARDED_BY(mutex_);
  size_t sweep_at_ FUNDGATE_GUARDED_BY(mutex_) = 16;
  bool drained_ FUNDGATE_GUARDED_BY(mutex_) = false;
};

// One streaming call. `Reactor` is grpc::ServerWriteReactor<Response> or
// grpc::ServerBidiReactor<Request, Response>.
//
// Shared: gRPC holds it until the call is done, and whoever calls back into it from another thread
// holds it too, so that nobody finds it gone. All state is under `mutex_`. What runs under it only
// starts operations; gRPC runs their reactions later, never inside.
template <typename Reactor, typename Response>
class Stream : public Reactor,
               public Drainable,
               public std::enable_shared_from_this<Stream<Reactor, Response>> {
 public:
  // Hands the stream, made by std::make_shared, to gRPC.
  static Reactor* Open(std::shared_ptr<Stream> stream, OpenStreams& streams) {
    stream->self_ = stream;
    const bool added = streams.Add(stream);
    {
      const sequencer::MutexLock lock(stream->mutex_);
      stream->Start();
      if (!added) stream->End(DrainingStatus());
    }
    return stream.get();
  }

  void Drain() override {
    const sequencer::MutexLock lock(mutex_);
    End(DrainingStatus());
  }

 protected:
  // The first thing that happens.
  virtual void Start() FUNDGATE_REQUIRES(mutex_) = 0;
  // Called right before an answer is written.
  virtual void BeforeWrite(Response& /*response*/) FUNDGATE_REQUIRES(mutex_) {}
  // An answer was written: there is room for another.
  virtual void AfterWrite() FUNDGATE_REQUIRES(mutex_) {}
  // The stream is ending: nothing more is to be begun.
  virtual void Ending() FUNDGATE_REQUIRES(mutex_) {}
  // Nothing of it runs any more, and its caller is about to hear so: what others may want is to be
  // given back now, for it may be asked for at once.
  virtual void Finishing() FUNDGATE_REQUIRES(mutex_) {}
  // True while somebody still works for this stream; it doesn't finish before.
  virtual bool Busy() const FUNDGATE_REQUIRES(mutex_) { return false; }

  // Queues an answer; dropped once the caller is gone.
  void Send(Response response) FUNDGATE_REQUIRES(mutex_) {
    if (finished_ || gone_) return;
    queue_.push_back(std::move(response));
    Pump();
  }

  // Ends the call after the answers that are queued, and what makes it busy. The first status
  // counts.
  void End(grpc::Status status) FUNDGATE_REQUIRES(mutex_) {
    if (!ending_.has_value()) {
      ending_ = std::move(status);
      Ending();
    }
    Pump();
  }

  // The same, without what is still queued.
  void Abort(grpc::Status status) FUNDGATE_REQUIRES(mutex_) {
    const size_t in_flight = writing_ ? 1 : 0;
    while (queue_.size() > in_flight) queue_.pop_back();
    End(std::move(status));
  }

  // Writes or finishes what can be. To be called when Busy() may have become false.
  void Pump() FUNDGATE_REQUIRES(mutex_) {
    if (finished_ || writing_) return;
    if (!queue_.empty()) {
      writing_ = true;
      BeforeWrite(queue_.front());
      // gRPC may keep it until the last that is queued goes out, all in one segment.
      grpc::WriteOptions options;
      if (queue_.size() > 1) options.set_buffer_hint();
      Reactor::StartWrite(&queue_.front(), options);
    } else if (ending_.has_value() && !Busy()) {
      finished_ = true;
      Finishing();
      Reactor::Finish(*ending_);
    }
  }

  bool ending() const FUNDGATE_REQUIRES(mutex_) { return ending_.has_value(); }
  size_t queued() const FUNDGATE_REQUIRES(mutex_) { return queue_.size(); }

  mutable sequencer::Mutex mutex_;

 private:
  void OnWriteDone(bool ok) final {
    const auto self = this->shared_from_this();
    const sequencer::MutexLock lock(mutex_);
    writing_ = false;
    queue_.pop_front();
    if (!ok) Leave();
    AfterWrite();
    Pump();
  }

  void OnCancel() final {
    const auto self = this->shared_from_this();
    const sequencer::MutexLock lock(mutex_);
    Leave();
  }

  void OnDone() final {
    const auto self = std::move(self_);  // destroyed here, unless another thread holds it
  }

  // The caller is gone.
  void Leave() FUNDGATE_REQUIRES(mutex_) {
    gone_ = true;
    Abort({grpc::StatusCode::CANCELLED, "the caller ended the call"});
  }

  std::shared_ptr<Stream> self_;
  std::deque<Response> queue_ FUNDGATE_GUARDED_BY(mutex_);  // references stay valid
  bool writing_ FUNDGATE_GUARDED_BY(mutex_) = false;
  bool gone_ FUNDGATE_GUARDED_BY(mutex_) = false;
  bool finished_ FUNDGATE_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> ending_ FUNDGATE_GUARDED_BY(mutex_);
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_STREAM_H_
