#include "tests/torture/services.h"

#include <grpcpp/grpcpp.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "fundgate/v1/audit.grpc.pb.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "tests/end_to_end/application_session.h"

namespace fundgate::torture {
namespace {

constexpr char kAccount[] = "m1";

constexpr int kRetryMs = 25;

void Pause(int ms) { ::poll(nullptr, 0, ms); }

// A gate that is back is found at once.
std::shared_ptr<grpc::Channel> Connect(const std::string& gate) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(gate, grpc::InsecureChannelCredentials(), arguments);
}

Heard BlockHeard(const v1::Decision& decision) {
  if (decision.reasons().empty()) return Heard::kStrange;
  switch (decision.reasons(0).code()) {
    case v1::REASON_CODE_INVARIANT:
      return Heard::kOverdrawn;
    case v1::REASON_CODE_ALREADY_MOVED:
      return Heard::kAlreadyMoved;
    case v1::REASON_CODE_IDEMPOTENCY_CONFLICT:
      return Heard::kConflict;
    default:
      return Heard::kStrange;
  }
}

Heard CheckHeard(const v1::Decision& decision) {
  switch (decision.verdict()) {
    case v1::VERDICT_ALLOW:
      return Heard::kAllow;
    case v1::VERDICT_HOLD:
      return Heard::kHold;
    case v1::VERDICT_BLOCK:
      return BlockHeard(decision);
    default:
      return Heard::kStrange;
  }
}

// What a machine that is up may say without having an answer.
bool IsNoAnswer(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE ||
         status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED ||
         status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED ||
         status.error_code() == grpc::StatusCode::CANCELLED;
}

}  // namespace

std::string Yuan(int64_t fen) { return absl::StrFormat("%d.%02d", fen / 100, fen % 100); }

Instant Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string WordsOf(const v1::Decision& decision) {
  v1::Decision words = decision;
  words.clear_request_id();
  words.clear_replayed();
  words.clear_reservation();
  return words.ShortDebugString();
}

Shop::Shop(int open, size_t operations) : operations_(operations) {
  for (int i = 0; i < open; ++i) {
    open_.push_back(std::make_shared<Order>());
    open_.back()->name = absl::StrCat("o", next_++);
  }
}

std::shared_ptr<Shop::Order> Shop::Borrow(std::mt19937_64& random) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::shared_ptr<Order>& order = open_[random() % open_.size()];
  const std::lock_guard<std::mutex> of_order(order->mutex);
  std::shared_ptr<Order> borrowed = order;
  ++borrowed->busy;
  if (borrowed->operations.size() >= operations_) {
    borrowed->closed = true;
    order = std::make_shared<Order>();
    order->name = absl::StrCat("o", next_++);
  }
  return borrowed;
}

void Shop::GiveBack(const std::shared_ptr<Order>& order) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::lock_guard<std::mutex> of_order(order->mutex);
  if (--order->busy > 0 || !order->closed) return;
  finished_.push_back({order->name, std::move(order->operations)});
}

std::vector<History> Shop::TakeFinished(bool all) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<History> finished = std::exchange(finished_, {});
  if (!all) return finished;
  for (const std::shared_ptr<Order>& order : open_) {
    finished.push_back({order->name, std::move(order->operations)});
  }
  return finished;
}

// One client. It asks with one key until it is answered, and writes a row until it is there.
class Services::Client {
 public:
  Client(Services& all, const Places& places, Shop& shop, int number, uint64_t seed)
      : all_(all),
        shop_(shop),
        number_(number),
        gate_(v1::Gate::NewStub(Connect(places.gate))),
        audit_(v1::Audit::NewStub(Connect(places.gate))),
        random_(seed),
        session_(places.database_port) {}

  void Run() {
    while (!all_.stop_) {
      order_ = shop_.Borrow(random_);
      Step();
      shop_.GiveBack(order_);
      Pause(static_cast<int>(random_() % 4));
    }
  }

 private:
  bool OneIn(uint64_t n) { return random_() % n == 0; }

  void Step() {
    if (OneIn(8)) return Pay();
    if (OneIn(6)) return Read();
    if (OneIn(3)) return AskAgain();
    RefundSome();
  }

  void Pay() {
    const std::string key = absl::StrCat("p", number_, "-", ++last_);
    const auto amount = static_cast<int64_t>(random_() % 3000 + 100);
    WriteRow(What::kPaid, key, amount,
             absl::StrCat("INSERT IGNORE INTO pay.payment VALUES ('", key, "', '", kAccount, "', '",
                          order_->name, "', ", Yuan(amount), ", 'SUCCESS')"));
  }

  // Somebody else's key, perhaps at the same time, seldom for another amount.
  void AskAgain() {
    std::pair<std::string, int64_t> refund;
    {
      const std::lock_guard<std::mutex> lock(order_->mutex);
      if (order_->refunds.empty()) return;
      refund = order_->refunds[random_() % order_->refunds.size()];
    }
    Ask(refund.first, OneIn(8) ? refund.second + 1 : refund.second);
  }

  void RefundSome() {
    const std::string key = absl::StrCat("r", number_, "-", ++last_);
    const auto amount = static_cast<int64_t>(random_() % 900 + 100);
    {
      const std::lock_guard<std::mutex> lock(order_->mutex);
      order_->refunds.emplace_back(key, amount);
    }
    const std::string decision = Ask(key, amount);
    if (decision.empty()) return;
    switch (random_() % 8) {
      case 0:  // it is never heard of again
        return;
      case 1:
      case 2:
        return Tell(What::kRelease, key, amount, decision);
      case 3:
        return WriteRefund(What::kFailed, key, amount);
      case 4:
        return WriteRefund(What::kRefunded, key, amount);
      case 5: {  // less than was allowed
        const int64_t less = amount - static_cast<int64_t>(random_() % 50);
        Tell(What::kConfirm, key, less, decision);
        return WriteRefund(What::kRefunded, key, less);
      }
      default:
        Tell(What::kConfirm, key, amount, decision);
        return WriteRefund(What::kRefunded, key, amount);
    }
  }

  v1::CheckRequest RequestOf(const std::string& key, int64_t amount) const {
    v1::CheckRequest request;
    request.set_request_id(absl::StrCat("c", number_));
    request.set_checkpoint("refund");
    request.set_idempotency_key(key);
    request.set_account_id(kAccount);
    request.set_order_id(order_->name);
    request.mutable_amount()->set_currency_code("CNY");
    request.mutable_amount()->set_minor_units(amount);
    return request;
  }

  // Asks until it is answered. The decision, if that is ALLOW.
  std::string Ask(const std::string& key, int64_t amount) {
    const v1::CheckRequest request = RequestOf(key, amount);
    Operation done;
    v1::Decision decision;
    do {
      done = Begin(What::kCheck, key, amount);
      grpc::ClientContext context;
      SetDeadline(context);
      decision.Clear();
      const grpc::Status status = gate_->Check(&context, request, &decision);
      if (Hear(done, status)) {
        done.heard = CheckHeard(decision);
        done.decision = decision.decision_id();
        done.replayed = decision.replayed();
        if (done.heard == Heard::kStrange) done.strange = decision.ShortDebugString();
        Count(decision);
      }
      Keep(done);
    } while (MustRepeat(done));
    return done.heard == Heard::kAllow ? done.decision : "";
  }

  // Confirms or releases.
  void Tell(What what, const std::string& key, int64_t amount, const std::string& decision) {
    Operation done;
    do {
      done = Begin(what, key, amount);
      done.decision = decision;
      grpc::ClientContext context;
      SetDeadline(context);
      const grpc::Status status =
          what == What::kConfirm ? Confirm(context, done) : Release(context, done);
      if (status.error_code() == grpc::StatusCode::FAILED_PRECONDITION) {
        done.returned = Now();
        done.heard = Heard::kRefused;
      } else if (Hear(done, status)) {
        done.heard = Heard::kDone;
      }
      Keep(done);
    } while (MustRepeat(done));
  }

  grpc::Status Confirm(grpc::ClientContext& context, const Operation& done) {
    v1::ConfirmRequest request;
    request.set_account_id(kAccount);
    request.set_checkpoint("refund");
    request.set_idempotency_key(done.key);
    request.set_decision_id(done.decision);
    request.mutable_amount()->set_currency_code("CNY");
    request.mutable_amount()->set_minor_units(done.amount);
    v1::Reservation reservation;
    return gate_->Confirm(&context, request, &reservation);
  }

  grpc::Status Release(grpc::ClientContext& context, const Operation& done) {
    v1::ReleaseRequest request;
    request.set_account_id(kAccount);
    request.set_checkpoint("refund");
    request.set_idempotency_key(done.key);
    request.set_decision_id(done.decision);
    request.set_reason("the customer wants it no more");
    v1::Reservation reservation;
    return gate_->Release(&context, request, &reservation);
  }

  void Read() {
    v1::GetBookRequest request;
    request.set_book("order");
    request.set_currency_code("CNY");
    (*request.mutable_key())["account_id"] = kAccount;
    (*request.mutable_key())["order_id"] = order_->name;
    Operation done = Begin(What::kRead, "", 0);
    grpc::ClientContext context;
    SetDeadline(context);
    v1::GetBookResponse response;
    grpc::Status status = audit_->GetBook(&context, request, &response);
    // Nothing ever touched it: all is 0.
    if (status.error_code() == grpc::StatusCode::NOT_FOUND) status = grpc::Status::OK;
    if (Hear(done, status)) done.heard = Heard::kDone;
    for (const v1::Counter& counter : response.book().counters()) {
      if (counter.name() == "paid") done.paid = counter.posted();
      if (counter.name() == "refunded") {
        done.refunded = counter.posted();
        done.pending = counter.pending_up();
      }
    }
    Keep(done);
  }

  void WriteRefund(What what, const std::string& key, int64_t amount) {
    WriteRow(what, key, amount,
             absl::StrCat("INSERT IGNORE INTO pay.refund VALUES ('", key, "', '", kAccount, "', '",
                          order_->name, "', ", Yuan(amount), ", '",
                          what == What::kFailed ? "FAILED" : "SUCCESS", "', FALSE)"));
  }

  // Until it is certainly there. Written again, the row stays the one that it was.
  void WriteRow(What what, const std::string& key, int64_t amount, const std::string& insert) {
    Operation done = Begin(what, key, amount);
    while (!all_.give_up_) {
      if (session_.Write(insert)) {
        done.returned = Now();
        done.heard = Heard::kDone;
        ++all_.counts_.rows;
        break;
      }
      Pause(kRetryMs);
    }
    Keep(done);
  }

  void SetDeadline(grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::milliseconds(200 + random_() % 1500));
  }

  Operation Begin(What what, const std::string& key, int64_t amount) {
    Operation operation;
    operation.what = what;
    operation.client = number_;
    operation.key = key;
    operation.amount = amount;
    operation.invoked = Now();
    return operation;
  }

  // Whether there is an answer.
  bool Hear(Operation& done, const grpc::Status& status) {
    ++all_.counts_.calls;
    if (status.ok() || !IsNoAnswer(status)) {
      done.returned = Now();
      if (status.ok()) return true;
      done.heard = Heard::kStrange;
      done.strange = absl::StrCat("status ", status.error_code(), ": ", status.error_message());
      return false;
    }
    ++all_.counts_.unheard;
    if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) ++all_.counts_.exhausted;
    return false;
  }

  bool MustRepeat(const Operation& done) {
    if (done.heard != Heard::kNothing || all_.give_up_) return false;
    Pause(kRetryMs);
    return true;
  }

  void Keep(const Operation& done) {
    const std::lock_guard<std::mutex> lock(order_->mutex);
    order_->operations.push_back(done);
  }

  void Count(const v1::Decision& decision) {
    if (decision.verdict() == v1::VERDICT_ALLOW) {
      ++all_.counts_.allowed;
    } else {
      ++(decision.verdict() == v1::VERDICT_HOLD ? all_.counts_.held : all_.counts_.blocked);
    }
    const std::lock_guard<std::mutex> lock(all_.mutex_);
    all_.heard_.push_back({decision.decision_id(), decision.idempotency_key(), WordsOf(decision),
                           decision.replayed()});
  }

  Services& all_;
  Shop& shop_;
  const int number_;
  const std::unique_ptr<v1::Gate::Stub> gate_;
  const std::unique_ptr<v1::Audit::Stub> audit_;
  std::mt19937_64 random_;
  end_to_end::ApplicationSession session_;
  std::shared_ptr<Shop::Order> order_;
  int last_ = 0;
};

Services::Services(const Places& places, Shop& shop, int clients, uint64_t seed) {
  for (int i = 0; i < clients; ++i) {
    threads_.emplace_back([this, places, &shop, i, seed] {
      Client(*this, places, shop, i, seed * 1000 + static_cast<uint64_t>(i)).Run();
    });
  }
}

void Services::Stop() {
  stop_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

Services::~Services() {
  give_up_ = true;
  Stop();
}

std::vector<HeardDecision> Services::TakeHeard() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(heard_, {});
}

}  // namespace fundgate::torture
