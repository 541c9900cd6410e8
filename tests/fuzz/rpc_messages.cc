// Every RPC's message, given to a whole gate, one call after the other: an input is a sequence of
// calls and of times that pass between them.
//
// A call is a byte for the RPC, a byte for how its messages are made (from the usual values, from
// any, or as protobuf's parser reads any bytes), and for each message a byte that says how many
// bytes it is made of, and those.
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/text_format.h>

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
    const Input bytes = in.Rest();
    if (!request->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return nullptr;
    if ((how & kFollows) != 0) Follow(gate, *request);
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

// `of_message` is what `builder` reads.
void MakeCall(WholeGate& gate, const Rpc& rpc, Choices& in, Choices& of_message,
              MessageBuilder& builder) {
  const uint8_t how = in.Byte();
  builder.SetNow(gate.Now());
  Messages requests;
  for (int count = rpc.streams_requests ? 1 + (how >> 5) % 4 : 1; count > 0; --count) {
    of_message = Choices(in.Take(in.Byte()));
    requests.push_back(MakeRequest(gate, rpc, how, of_message, builder));
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
  // It complains of each text that is no UTF-8.
  google::protobuf::SetLogHandler(nullptr);
  // One that nothing was recorded in is as good as new.
  // Never destroyed: RocksDB's own globals would be gone by then.
  static auto& gate = *new std::optional<WholeGate>;
  static uint64_t recorded_at_first = 0;
  if (!gate.has_value() || gate->recorded() != recorded_at_first) {
    gate.reset();
    gate.emplace();
    recorded_at_first = gate->recorded();
  }
  Choices in(input);
  Choices of_message({});
  MessageBuilder builder(of_message);
  TheStory() = Story();
  for (int calls = 0; calls < kCallsMax && !in.empty(); ++calls) {
    const uint8_t what = in.Byte();
    if (what >= kFirstPause) {
      gate->PassTime(kPauses[(what - kFirstPause) % kPauses.size()]);
    } else {
      MakeCall(*gate, Rpcs()[what % Rpcs().size()], in, of_message, builder);
    }
  }
  Promise(gate->ReplaysTheSame(), "the journal's inputs give the same answers and books again");
}

namespace {

std::string CallOf(std::string_view rpc, uint8_t how, std::string_view rest = "") {
  size_t number = 0;
  while (Rpcs()[number].name != rpc) ++number;
  std::string call = {static_cast<char>(number), static_cast<char>(how),
                      static_cast<char>(std::min<size_t>(rest.size(), 255))};
  return call.append(rest.substr(0, 255));
}

// With the first of all usual values.
std::string Usual(std::string_view rpc) { return CallOf(rpc, kUsual); }

// With exactly this message, written as protobuf's text.
std::string Exact(std::string_view rpc, const std::string& text, uint8_t how = 0) {
  const std::unique_ptr<Message> message(FindRpc(rpc).request->New());
  Expect(google::protobuf::TextFormat::ParseFromString(text, message.get()), "a seed can be read");
  return CallOf(rpc, kAnyBytes | how, message->SerializeAsString());
}

std::string Moved(const std::string& kind, const std::string& key, const std::string& amounts) {
  return Exact("Ingest/Ingest",
               absl::StrCat("source: 'ledger' events { event_id: '", key, "' movement { kind: '",
                            kind, "' row { table: 't' primary_key: '", key,
                            "' } after { status: MOVEMENT_STATUS_HAPPENED idempotency_key: '", key,
                            "' account_id: 'm1' order_id: 'o1' ", amounts, " } } }"),
               kFollows);
}

std::string Cny(int64_t amount) {
  return absl::StrCat("amount { currency_code: 'CNY' minor_units: ", amount, " }");
}

constexpr char kOfSettlement[] =
    " parts { key: 'net' value { currency_code: 'CNY' minor_units: 4950 } }"
    " parts { key: 'fee' value { currency_code: 'CNY' minor_units: 50 } }";

// A source that is read and proven, and an order that is paid.
std::string Paid() {
  return absl::StrCat(Exact("Ingest/GetPosition", "source: 'ledger'"),
                      Moved("payment", "p1", Cny(10'000)));
}

std::vector<std::string> Stories() {
  const std::string settled = absl::StrCat(
      Paid(),
      Exact("Gate/Check",
            absl::StrCat("checkpoint: 'settlement' idempotency_key: 's1' account_id: 'm1' ",
                         Cny(5000), " lines { order_id: 'o1' ", Cny(5000), kOfSettlement, " }")),
      Moved("settlement", "s1", absl::StrCat(Cny(5000), kOfSettlement)));
  const std::string held =
      absl::StrCat(Paid(),
                   Exact("Breakers/TripBreaker",
                         "scope: 'refund/account:m1' mode: VERDICT_HOLD reason: 'r' actor: 'bob'"),
                   Usual("Gate/Check"));
  return {
      absl::StrCat(Paid(), Usual("Gate/Check"), Usual("Gate/Confirm"), Usual("Gate/Check"),
                   Moved("refund", "k1", Cny(100)), Usual("Gate/Release")),
      absl::StrCat(Paid(), Usual("Gate/Check"), Usual("Gate/Release"), Usual("Gate/Check"), "\xf4",
                   Usual("Gate/Check"), Usual("Gate/GetDecision")),
      absl::StrCat(settled,
                   Exact("Gate/Check",
                         absl::StrCat("checkpoint: 'cash_out' idempotency_key: 'c1' account_id: 'm1"
                                      "' attributes { key: 'payee' value { string_value: 'p1' } } ",
                                      Cny(4000))),
                   Exact("Gate/Check", absl::StrCat("checkpoint: 'late_refund' account_id: 'm1' "
                                                    "order_id: 'o1' idempotency_key: 'l1' ",
                                                    Cny(900)))),
      absl::StrCat(held, Usual("Holds/ListHolds"), Usual("Holds/ApproveHold"), Usual("Gate/Check"),
                   Usual("Gate/Confirm")),
      absl::StrCat(held, Usual("Holds/GetHold"), Usual("Holds/RejectHold"), Usual("Gate/Check")),
      absl::StrCat(held, Usual("Breakers/HalfOpenBreaker"), Usual("Gate/Check"),
                   Usual("Breakers/ResetBreaker"), Usual("Breakers/ListBreakerChanges"),
                   Usual("Breakers/WatchBreakers")),
      absl::StrCat(Paid(), Moved("refund", "x1", Cny(20'000)),
                   Exact("Audit/ListViolations", "page_size: 1"), Usual("Audit/GetViolation"),
                   Usual("Violations/AcknowledgeViolation"), Usual("Violations/ResolveViolation"),
                   Usual("Violations/ListViolationGroups"), Usual("Alerts/ListAlerts"),
                   Usual("Audit/GetAccount")),
      absl::StrCat(Paid(), Usual("Gate/Check"), Exact("Audit/ExportTraces", "limit: 5"),
                   Exact("Audit/VerifyJournal", ""), Usual("Audit/ReplayDecision"),
                   Exact("Audit/GetAccount", "account_id: 'm1'"), Usual("Status/GetStatus")),
      absl::StrCat(Usual("Policies/ApplyPolicy"),
                   Exact("Policies/RollbackPolicy", "version: 1 actor: 'a' comment: 'c'"),
                   Exact("Policies/DiffPolicy", "version: 1 base_version: 2"),
                   Exact("Policies/ChangeRule",
                         "rule: 'refund_burst' mode: RULE_MODE_ENFORCE actor: 'a' comment: 'c'")),
      absl::StrCat(Usual("Plans/RunPlan"), Usual("Plans/ListPlans"), Usual("Plans/UndoPlan")),
      absl::StrCat(Paid(), Usual("Leases/TakeLease"), Usual("Leases/ReportAllowed")),
      absl::StrCat(Paid(), CallOf("Gate/StreamChecks", kUsual | 0x40), Usual("Gate/BatchCheck")),
  };
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds = Stories();
  const uint8_t odd = kUsual | (1 << 3);
  for (const Rpc& rpc : Rpcs()) {
    seeds.push_back(CallOf(rpc.name, kUsual, std::string(24, '\x01')));
    seeds.push_back(CallOf(rpc.name, odd, std::string(32, '\x05')));
  }
  return seeds;
}

}  // namespace fundgate::fuzz
