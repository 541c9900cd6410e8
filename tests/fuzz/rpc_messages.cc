// Every RPC's message, given to a whole gate, one call after the other: an input is a sequence of
// calls and of times that pass between them.
//
// A call is a byte for the RPC, a byte for how its messages are made (from the usual values, from
// any, or as protobuf's parser reads any bytes), and what those need.
#include <algorithm>
#include <array>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "fundgate/v1/check.pb.h"
#include "fundgate/v1/gate.pb.h"
#include "fundgate/v1/ingest.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/expression/utf8.h"
#include "tests/fuzz/fuzzer.h"
#include "tests/fuzz/message_builder.h"
#include "tests/fuzz/whole_gate.h"

namespace fundgate::fuzz {
namespace {

using google::protobuf::Message;

constexpr int kCallsMax = 32;
constexpr uint8_t kFirstPause = 240;  // bytes from here on are times that pass
constexpr std::array kPauses = {absl::Milliseconds(1), absl::Milliseconds(50), absl::Seconds(1),
                                absl::Seconds(6),      absl::Minutes(3),       absl::Minutes(11),
                                absl::Hours(1),        absl::Hours(25)};

// What was called in this input, for whoever looks at a finding.
struct Story {
  std::vector<std::pair<std::string, Messages>> calls;
  std::string ended;  // the newest
};
Story& TheStory() {
  static auto& story = *new Story;
  return story;
}

void Promise(bool holds, std::string_view promise) {
  if (holds) return;
  for (const auto& [rpc, requests] : TheStory().calls) {
    std::cerr << rpc << '\n';
    for (const auto& request : requests) std::cerr << "  " << request->ShortDebugString() << '\n';
  }
  std::cerr << "ended: " << TheStory().ended << '\n';
  Expect(false, promise);
}

// How a message is made.
constexpr uint8_t kAnyBytes = 1;
constexpr uint8_t kUsual = 2;
constexpr uint8_t kFollows = 4;  // a batch that follows on what its source has told

// ---- What must hold of an answer ----

bool IsOfContract(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::OK:
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return true;
    default:
      return false;
  }
}

void ExpectDetails(const grpc::Status& status) {
  google::rpc::Status details;
  Promise(details.ParseFromString(status.error_details()), "details of an error can be read");
  google::rpc::BadRequest bad;
  google::rpc::RetryInfo retry;
  if (status.error_code() == grpc::StatusCode::INVALID_ARGUMENT) {
    // Some are about no field in particular.
    if (details.details_size() == 0) return;
    Promise(details.details(0).UnpackTo(&bad) && bad.field_violations_size() > 0,
            "a bad request says what is bad of it");
    for (const auto& violation : bad.field_violations()) {
      Promise(!violation.description().empty(), "a bad field says why");
    }
  } else if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) {
    Promise(details.details_size() == 1 && details.details(0).UnpackTo(&retry),
            "who is turned away hears when to come again");
  }
}

void ExpectWellFormed(const Result& result) {
  const grpc::Status& status = result.status;
  Promise(IsOfContract(status.error_code()), "a call ends with a code of the contract");
  if (!status.ok()) {
    Promise(!status.error_message().empty(), "an error says what is wrong");
    // Trailers hold 8 KiB.
    Promise(status.error_message().size() + status.error_details().size() < 8000,
            "an error can travel");
    Promise(expression::InvalidUtf8At(status.error_message()) == std::string::npos,
            "an error is text");
    ExpectDetails(status);
  }
  for (const auto& answer : result.answers) {
    std::string bytes;
    const std::unique_ptr<Message> read(answer->New());
    Promise(answer->SerializeToString(&bytes) && read->ParseFromString(bytes),
            "an answer can be read");
  }
}

// ---- What must hold of the books ----

absl::int128 Most(const core::Counter& counter) {
  return absl::int128(counter.posted) + counter.pending_up;
}
absl::int128 Least(const core::Counter& counter) {
  return absl::int128(counter.posted) - counter.pending_down;
}

core::Book Padded(core::Book book, size_t counters) {
  book.counters.resize(counters);
  return book;
}

// The worked example's invariants over the book of an order, of those that the checkpoint can
// worsen.
bool OrderHolds(const WholeGate& gate, const std::string& checkpoint, const std::string& account,
                const std::string& order, Currency currency) {
  const core::Book book =
      Padded(gate.BookOf({"order", AccountId(account), OrderId(order), currency}), 4);
  const absl::int128 paid = Least(book.counters[0]);
  const absl::int128 refunded = Most(book.counters[1]);
  const bool refunds = refunded + Most(book.counters[2]) <= paid;
  const bool escrow = refunded + Most(book.counters[3]) <= paid;
  if (checkpoint == "refund") return refunds && escrow;
  if (checkpoint == "late_refund") return refunds;
  return checkpoint != "settlement" || escrow;
}

bool MerchantHolds(const WholeGate& gate, const std::string& checkpoint, const std::string& account,
                   Currency currency) {
  if (checkpoint != "cash_out" && checkpoint != "late_refund") return true;
  const core::Book book =
      Padded(gate.BookOf({"merchant", AccountId(account), OrderId(), currency}), 3);
  return Most(book.counters[1]) + Most(book.counters[2]) <= Least(book.counters[0]);
}

void ExpectCovered(const WholeGate& gate, const v1::CheckRequest& check,
                   const v1::Decision& decision) {
  if (decision.verdict() != v1::VERDICT_ALLOW || decision.replayed()) return;
  Promise(check.drill_id().empty(), "a drill allows nothing");
  const absl::StatusOr<Currency> currency = Currency::FromCode(check.amount().currency_code());
  Promise(currency.ok() && check.amount().minor_units() > 0, "what is allowed is money");
  const std::string& checkpoint = check.checkpoint();
  std::vector<std::string> orders;
  for (const v1::Line& line : check.lines()) orders.push_back(line.order_id());
  if (orders.empty() && !check.order_id().empty()) orders.push_back(check.order_id());
  for (const std::string& order : orders) {
    Promise(OrderHolds(gate, checkpoint, check.account_id(), order, *currency),
            "what is allowed leaves an order's invariants as they were");
  }
  Promise(MerchantHolds(gate, checkpoint, check.account_id(), *currency),
          "what is allowed leaves a merchant's invariants as they were");
}

template <typename Needed>
const Needed& As(const std::unique_ptr<Message>& message) {
  return static_cast<const Needed&>(*message);
}

void ExpectBooksCover(const WholeGate& gate, const Rpc& rpc, const Messages& requests,
                      const Messages& answers) {
  if (rpc.name == "Gate/Check" && !answers.empty()) {
    ExpectCovered(gate, As<v1::CheckRequest>(requests[0]), As<v1::Decision>(answers[0]));
  } else if (rpc.name == "Gate/BatchCheck" && !answers.empty()) {
    const auto& batch = As<v1::BatchCheckRequest>(requests[0]);
    const auto& decisions = As<v1::BatchCheckResponse>(answers[0]).decisions();
    Promise(decisions.size() == batch.requests_size(), "a batch is answered by index");
    for (int i = 0; i < decisions.size(); ++i) {
      ExpectCovered(gate, batch.requests(i), decisions[i]);
    }
  }
}

// ---- An input ----

// A batch that its source may send now.
void Follow(const WholeGate& gate, Message& message) {
  if (message.GetDescriptor() != v1::IngestRequest::descriptor()) return;
  auto& batch = static_cast<v1::IngestRequest&>(message);
  const WholeGate::Feed feed = gate.FeedOf(batch.source());
  batch.set_epoch(feed.epoch);
  batch.set_previous_position(feed.position);
  batch.clear_snapshot();
  uint64_t number = 0;
  const size_t colon = feed.position.rfind(':');
  const std::string behind = colon == std::string::npos ? "" : feed.position.substr(colon + 1);
  // A source that is somewhere else goes on where it likes.
  if (!absl::SimpleAtoi(behind, &number)) number = 0;
  const bool moves = batch.events_size() > 0 && number < ~uint64_t{0};
  batch.set_position(moves ? absl::StrCat(batch.source(), ":", number + 1) : feed.position);
  batch.mutable_probe()->set_head_position(batch.position());
  const absl::Time now = gate.Now();
  batch.mutable_probe()->mutable_read_after()->set_seconds(absl::ToUnixSeconds(now));
  uint32_t row = 0;
  for (v1::Event& event : *batch.mutable_events()) event.set_row_index(row++);
}

// Nothing if its bytes are no message: then gRPC would tell its caller.
std::unique_ptr<Message> MakeRequest(const WholeGate& gate, const Rpc& rpc, uint8_t how,
                                     Choices& in, MessageBuilder& builder) {
  std::unique_ptr<Message> request(rpc.request->New());
  if ((how & kAnyBytes) != 0) {
    const Input bytes = in.Take(in.Byte());
    if (!request->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return nullptr;
    return request;
  }
  if ((how & kUsual) != 0) builder.Fill(*request);
  if ((how & kFollows) != 0) Follow(gate, *request);
  for (int edits = (how >> 3) % 4; edits > 0; --edits) builder.Edit(*request);
  // Text that is no UTF-8 doesn't get past the parser.
  std::string bytes;
  if (!request->SerializePartialToString(&bytes)) return nullptr;
  std::unique_ptr<Message> read(rpc.request->New());
  if (!read->ParseFromString(bytes)) return nullptr;
  return read;
}

void MakeCall(WholeGate& gate, const Rpc& rpc, Choices& in, MessageBuilder& builder) {
  const uint8_t how = in.Byte();
  builder.SetNow(gate.Now());
  Messages requests;
  for (int count = rpc.streams_requests ? 1 + (how >> 5) % 4 : 1; count > 0; --count) {
    requests.push_back(MakeRequest(gate, rpc, how, in, builder));
    if (requests.back() == nullptr) return;
  }
  const uint64_t before = gate.recorded();
  const Result result = gate.Make(rpc, requests);
  TheStory().calls.emplace_back(rpc.name, std::move(requests));
  const Messages& asked = TheStory().calls.back().second;
  TheStory().ended = absl::StrCat(static_cast<int>(result.status.error_code()), " ",
                                  result.status.error_message());
  ExpectWellFormed(result);
  // Each answer of a stream may stand for a record; the request that ended it doesn't.
  const uint64_t recorded = gate.recorded() - before;
  if (!result.status.ok()) {
    Promise(recorded <= (rpc.streams_requests ? result.answers.size() : 0),
            "what is refused leaves no trace");
  }
  ExpectBooksCover(gate, rpc, asked, result.answers);
  for (const auto& answer : result.answers) builder.Learn(*answer);
}

}  // namespace

const size_t kInputMax = 1024;

void Run(Input input) {
  // One that nothing was recorded in is as good as new.
  static std::optional<WholeGate> gate;
  static uint64_t recorded_at_first = 0;
  if (!gate.has_value() || gate->recorded() != recorded_at_first) {
    gate.reset();
    gate.emplace();
    recorded_at_first = gate->recorded();
  }
  Choices in(input);
  MessageBuilder builder(in);
  TheStory() = Story();
  for (int calls = 0; calls < kCallsMax && !in.empty(); ++calls) {
    const uint8_t what = in.Byte();
    if (what >= kFirstPause) {
      gate->PassTime(kPauses[(what - kFirstPause) % kPauses.size()]);
    } else {
      MakeCall(*gate, Rpcs()[what % Rpcs().size()], in, builder);
    }
  }
  Promise(gate->ReplaysTheSame(), "the journal's inputs give the same answers and books again");
}

namespace {

std::string CallOf(std::string_view rpc, uint8_t how, std::string_view rest = "") {
  size_t number = 0;
  while (Rpcs()[number].name != rpc) ++number;
  return absl::StrCat(std::string(1, static_cast<char>(number)),
                      std::string(1, static_cast<char>(how)), ToAbsl(rest));
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  const uint8_t odd = kUsual | (1 << 3);
  for (const Rpc& rpc : Rpcs()) {
    seeds.push_back(CallOf(rpc.name, kUsual, std::string(24, '\x01')));
    seeds.push_back(CallOf(rpc.name, odd, std::string(32, '\x05')));
  }
  return seeds;
}

}  // namespace fundgate::fuzz
