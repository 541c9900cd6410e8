#include "client/fundctl/feed_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace fundgate::fundctl {

FeedStream::FeedStream(v1::Ingest::Stub& stub, PositionChain chain)
    : stream_(stub.Ingest(&call_)), chain_(std::move(chain)), reader_([this] { ReadAcks(); }) {}

FeedStream::~FeedStream() {
  if (finished_) return;
  call_.TryCancel();
  (void)Finish();
}

absl::Status FeedStream::Send(v1::Event event, absl::Duration timeout, v1::IngestRequest* sent) {
  Lock lock(mutex_);
  *sent = chain_.Next(std::move(event));
  // A failed write shows in the stream's end, which the reader meets.
  (void)stream_->Write(*sent);
  return Await(lock, timeout, [this, sent] { return acknowledged_ == sent->position(); });
}

absl::Status FeedStream::Probe(absl::Duration timeout) {
  Lock lock(mutex_);
  const uint64_t heard_before = heard_;
  (void)stream_->Write(chain_.Probe());
  return Await(lock, timeout, [this, heard_before] { return heard_ > heard_before; });
}

absl::Status FeedStream::Close(absl::Duration timeout) {
  Lock lock(mutex_);
  (void)stream_->WritesDone();
  if (!changed_.wait_for(lock, absl::ToChronoMilliseconds(timeout), [this] { return ended_; })) {
    call_.TryCancel();
  }
  lock.unlock();
  return Finish();
}

std::string FeedStream::position() {
  const Lock lock(mutex_);
  return chain_.position();
}

template <typename Condition>
absl::Status FeedStream::Await(Lock& lock, absl::Duration timeout, Condition arrived) {
  const bool in_time = changed_.wait_for(lock, absl::ToChronoMilliseconds(timeout),
                                         [this, &arrived] { return ended_ || arrived(); });
  if (arrived()) return absl::OkStatus();
  lock.unlock();
  if (!in_time) {
    call_.TryCancel();
    (void)Finish();
    return absl::DeadlineExceededError(
        absl::StrCat("the gate acknowledged nothing for ", absl::FormatDuration(timeout)));
  }
  const absl::Status status = Finish();
  return status.ok() ? absl::UnavailableError("the gate ended the stream") : status;
}

void FeedStream::ReadAcks() {
  v1::IngestAck ack;
  while (stream_->Read(&ack)) {
    const Lock lock(mutex_);
    chain_.Heard(ack);
    acknowledged_ = ack.position();
    ++heard_;
    // A check waits for this probe. The head is what was sent, because the source is its own
    // primary.
    if (ack.probe_now()) (void)stream_->Write(chain_.Probe());
    changed_.notify_all();
  }
  const Lock lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

absl::Status FeedStream::Finish() {
  if (finished_) return absl::OkStatus();
  finished_ = true;
  reader_.join();
  const grpc::Status status = stream_->Finish();
  return {static_cast<absl::StatusCode>(status.error_code()), status.error_message()};
}

}  // namespace fundgate::fundctl
