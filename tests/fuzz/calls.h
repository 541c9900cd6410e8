// Calls of a service's handlers without a connection: what gRPC would do between a handler and its
// caller, done by hand on one thread.
#ifndef TESTS_FUZZ_CALLS_H_
#define TESTS_FUZZ_CALLS_H_

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/test/default_reactor_test_peer.h>

#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace fundgate::fuzz {

using Messages = std::vector<std::unique_ptr<google::protobuf::Message>>;

// A call whose handler has begun. Handlers may go on with it on other threads.
class Call {
 public:
  virtual ~Call() = default;

  // Tells the handler one thing that it waits to hear; false if there is none.
  virtual bool Step() { return false; }
  // The caller leaves. Not before Step() has told all there is.
  virtual void Cancel() {}
  // It has come to its end, and its handler is gone.
  virtual bool done() const = 0;

  virtual grpc::Status status() const = 0;
  virtual Messages TakeAnswers() = 0;
};

template <typename Service, typename Request, typename Response>
class UnaryCall final : public Call {
 public:
  using Handler = grpc::ServerUnaryReactor* (Service::*)(grpc::CallbackServerContext*,
                                                         const Request*, Response*);

  UnaryCall(Service& service, Handler handler, const Request& request) : request_(request) {
    (service.*handler)(&context_, &request_, &response_);
  }

  bool done() const override { return peer_.test_status_set(); }
  grpc::Status status() const override { return peer_.test_status(); }
  Messages TakeAnswers() override {
    Messages answers;
    if (status().ok()) answers.push_back(std::make_unique<Response>(response_));
    return answers;
  }

 private:
  const Request request_;
  Response response_;
  grpc::CallbackServerContext context_;
  const grpc::testing::DefaultReactorTestPeer peer_{&context_};
};

// What both kinds of streams have in common. `Base` is gRPC's own side of the stream.
template <typename Base, typename Reactor, typename Response>
class StreamCall : public Call, protected Base {
 public:
  bool Step() override {
    if (Take(written_)) {
      reactor_->OnWriteDone(true);
      return true;
    }
    if (StepRead()) return true;
    if (done_ || !finished()) return false;
    done_ = true;
    reactor_->OnDone();  // deletes it
    return true;
  }
  void Cancel() override {
    if (!finished()) reactor_->OnCancel();
  }
  bool done() const override { return done_; }
  grpc::Status status() const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return *status_;
  }
  Messages TakeAnswers() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::move(answers_);
  }

 protected:
  void Begin(Reactor* reactor) {
    reactor_ = reactor;
    this->BindReactor(reactor);
  }
  // Handlers that read: what they wait for.
  virtual bool StepRead() { return false; }
  bool finished() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return status_.has_value();
  }
  template <typename T>
  T Take(T& value) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(value, T());
  }

  Reactor* reactor_ = nullptr;
  mutable std::mutex mutex_;  // over all below

 private:
  void Finish(grpc::Status status) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    status_ = std::move(status);
  }
  void SendInitialMetadata() override {}
  void Write(const Response* response, grpc::WriteOptions /*options*/) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    answers_.push_back(std::make_unique<Response>(*response));
    written_ = true;
  }
  void WriteAndFinish(const Response* response, grpc::WriteOptions options,
                      grpc::Status status) override {
    Write(response, options);
    Finish(std::move(status));
  }
  grpc::internal::ServerReactor* reactor() override { return reactor_; }
  void CallOnDone() override {}

  std::optional<grpc::Status> status_;
  Messages answers_;
  bool written_ = false;
  bool done_ = false;  // one thread's alone
};

template <typename Service, typename Request, typename Response>
class WriteStreamCall final : public StreamCall<grpc::ServerCallbackWriter<Response>,
                                                grpc::ServerWriteReactor<Response>, Response> {
 public:
  using Handler = grpc::ServerWriteReactor<Response>* (Service::*)(grpc::CallbackServerContext*,
                                                                   const Request*);

  WriteStreamCall(Service& service, Handler handler, const Request& request) : request_(request) {
    this->Begin((service.*handler)(&context_, &request_));
  }

 private:
  const Request request_;
  grpc::CallbackServerContext context_;
};

template <typename Service, typename Request, typename Response>
class BidiStreamCall final
    : public StreamCall<grpc::ServerCallbackReaderWriter<Request, Response>,
                        grpc::ServerBidiReactor<Request, Response>, Response> {
 public:
  using Handler =
      grpc::ServerBidiReactor<Request, Response>* (Service::*)(grpc::CallbackServerContext*);

  // The caller sends these and then no more.
  BidiStreamCall(Service& service, Handler handler, const Messages& requests) {
    for (const auto& request : requests) {
      left_.push_back(static_cast<const Request&>(*request));
    }
    this->Begin((service.*handler)(&context_));
  }

 private:
  void Read(Request* request) override {
    const std::lock_guard<std::mutex> lock(this->mutex_);
    wanted_ = request;
  }
  bool StepRead() override {
    Request* const wanted = this->Take(wanted_);
    if (wanted == nullptr) return false;
    const bool has_more = next_ < left_.size() && !this->finished();
    if (has_more) *wanted = left_[next_++];
    this->reactor_->OnReadDone(has_more);
    return true;
  }

  grpc::CallbackServerContext context_;
  std::vector<Request> left_;
  size_t next_ = 0;
  Request* wanted_ = nullptr;  // under mutex_
};

}  // namespace fundgate::fuzz

#endif  // TESTS_FUZZ_CALLS_H_
