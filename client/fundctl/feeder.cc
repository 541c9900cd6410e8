#include "client/fundctl/feeder.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::fundctl {
namespace {

// Two feeders that fence each other off give way to a person after this many rounds.
constexpr int kAttemptsMax = 5;

}  // namespace

bool MayStartOver(const absl::Status& status) {
  return absl::IsAborted(status) || absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

Feeder::Feeder(const std::shared_ptr<grpc::Channel>& channel, std::string source,
               absl::Duration timeout)
    : source_(std::move(source)), timeout_(timeout), stub_(v1::Ingest::NewStub(channel)) {}

absl::StatusOr<v1::GetPositionResponse> Feeder::Open() {
  stream_.reset();
  grpc::ClientContext call;
  call.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout_));
  v1::GetPositionRequest request;
  request.set_source(source_);
  v1::GetPositionResponse granted;
  const grpc::Status status = stub_->GetPosition(&call, request, &granted);
  if (!status.ok()) {
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  }
  PositionChain chain(source_);
  FUNDGATE_RETURN_IF_ERROR(chain.Begin(granted));
  stream_ = std::make_unique<FeedStream>(*stub_, std::move(chain));
  return granted;
}

absl::Status Feeder::Send(const v1::Event& event) {
  if (stream_ == nullptr) FUNDGATE_RETURN_IF_ERROR(Open().status());
  for (int attempt = 1;; ++attempt) {
    v1::IngestRequest sent;
    const absl::Status status = stream_->Send(event, timeout_, &sent);
    if (status.ok()) return status;
    stream_.reset();
    if (!MayStartOver(status) || attempt == kAttemptsMax) return status;
    FUNDGATE_ASSIGN_OR_RETURN(const v1::GetPositionResponse granted, Open());
    const Fate fate = FateOf(sent, granted);
    if (fate == Fate::kApplied) return absl::OkStatus();
    if (fate == Fate::kUnknown) {
      return absl::AbortedError(absl::StrCat(
          "another feeder of source ", source_, " came in between: the event sent as ",
          sent.position(), " may or may not be applied, and the source is at \"",
          granted.position(), "\" now; look with `fundctl trace export` before sending it again"));
    }
  }
}

absl::Status Feeder::Probe() {
  if (stream_ == nullptr) FUNDGATE_RETURN_IF_ERROR(Open().status());
  const absl::Status status = stream_->Probe(timeout_);
  if (!status.ok()) stream_.reset();
  return status;
}

absl::Status Feeder::Close() {
  if (stream_ == nullptr) return absl::OkStatus();
  const absl::Status status = stream_->Close(timeout_);
  stream_.reset();
  return status;
}

std::string Feeder::position() const { return stream_ == nullptr ? "" : stream_->position(); }

}  // namespace fundgate::fundctl
