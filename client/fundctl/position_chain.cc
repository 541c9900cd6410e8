#include "client/fundctl/position_chain.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace fundgate::fundctl {

absl::Status PositionChain::Begin(const v1::GetPositionResponse& granted) {
  std::string name = source_;
  uint64_t offset = 0;
  if (!granted.position().empty()) {
    const size_t colon = granted.position().rfind(':');
    const bool is_offset = colon != std::string::npos && colon > 0 &&
                           granted.position().find(',') == std::string::npos &&
                           absl::SimpleAtoi(granted.position().substr(colon + 1), &offset);
    if (!is_offset) {
      return absl::FailedPreconditionError(
          absl::StrCat("source ", source_, " is at \"", granted.position(),
                       "\"; expected one NAME:OFFSET, as a source has it that reports by itself"));
    }
    name = granted.position().substr(0, colon);
  }
  epoch_ = granted.epoch();
  name_ = std::move(name);
  offset_ = offset;
  position_ = granted.position();
  gate_time_ = granted.gate_time();
  return absl::OkStatus();
}

v1::IngestRequest PositionChain::Next(v1::Event event) {
  v1::IngestRequest request = NewRequest();
  position_ = absl::StrCat(name_, ":", ++offset_);
  request.set_position(position_);
  request.mutable_probe()->set_head_position(position_);
  event.set_event_id(position_);
  *request.add_events() = std::move(event);
  return request;
}

v1::IngestRequest PositionChain::Probe() const { return NewRequest(); }

v1::IngestRequest PositionChain::NewRequest() const {
  v1::IngestRequest request;
  request.set_source(source_);
  request.set_epoch(epoch_);
  request.set_previous_position(position_);
  request.set_position(position_);
  request.mutable_probe()->set_head_position(position_);
  *request.mutable_probe()->mutable_read_after() = gate_time_;
  return request;
}

Fate FateOf(const v1::IngestRequest& sent, const v1::GetPositionResponse& granted) {
  if (granted.position() == sent.previous_position()) return Fate::kNotApplied;
  const bool nobody_between = granted.epoch() == sent.epoch() + 1;
  if (nobody_between && granted.position() == sent.position()) return Fate::kApplied;
  return Fate::kUnknown;
}

}  // namespace fundgate::fundctl
