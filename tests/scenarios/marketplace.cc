#include "tests/scenarios/marketplace.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/v1/verdict.pb.h"

namespace fundgate::scenarios {
namespace {

constexpr int kMerchants = 500;
constexpr int64_t kKnown = kLatestTicks + 1;  // ticks after which the gate knows an event

v1::Money Cny(int64_t fen) {
  v1::Money money;
  money.set_currency_code("CNY");
  money.set_minor_units(fen);
  return money;
}

v1::Value Text(const std::string& text) {
  v1::Value value;
  value.set_string_value(text);
  return value;
}

v1::Value Amount(int64_t fen) {
  v1::Value value;
  *value.mutable_money_value() = Cny(fen);
  return value;
}

int64_t FeeOf(int64_t fen) { return fen * 6 / 1000; }

}  // namespace

int64_t Marketplace::Within(int64_t least, int64_t most) {
  return least + static_cast<int64_t>(random_() % static_cast<uint64_t>(most - least + 1));
}

std::vector<v1::CheckRequest> Marketplace::Go(int64_t tick, int orders, bool more) {
  while (!arriving_.empty() && arriving_.begin()->first <= tick) {
    const auto& [merchant, net] = arriving_.begin()->second;
    merchants_[merchant].available += net;
    arriving_.erase(arriving_.begin());
  }
  for (int i = 0; more && i < orders; ++i) Place(tick);
  std::vector<v1::CheckRequest> checks = std::exchange(again_, {});
  while (!todo_.empty() && todo_.begin()->first <= tick) {
    Step step = std::move(todo_.begin()->second);
    todo_.erase(todo_.begin());
    Do(tick, std::move(step), checks);
  }
  return checks;
}

void Marketplace::Place(int64_t tick) {
  Order order;
  order.id = absl::StrCat("o", ++orders_);
  order.merchant = absl::StrCat("m", Within(1, kMerchants));
  order.paid = order.left = Within(1'00, 2'000'00);
  TellStatus(tick, order, "CREATED");
  Later(tick + Within(1, 50), Stage::kPay, order);
}

void Marketplace::Later(int64_t tick, Stage stage, const Order& order) {
  todo_.emplace(tick, Step{stage, order});
}

void Marketplace::Do(int64_t tick, Step step, std::vector<v1::CheckRequest>& checks) {
  Order& order = step.order;
  const auto ask = [&](const char* checkpoint, const std::string& key, int64_t amount) {
    checks.push_back(Request(checkpoint, order, key, amount));
    asked_[key] = std::move(step);
  };
  switch (step.stage) {
    case Stage::kPay:
      Pay(tick, order);
      // Nobody asks for money back before the gate can know of the payment.
      if (Within(1, 100) <= 60) {
        Later(tick + kKnown + Within(0, 100), Stage::kRefund, order);
      } else {
        Later(tick + kKnown + Within(0, 100), Stage::kSettle, order);
      }
      return;
    case Stage::kRefund:
    case Stage::kFailRefund: {
      const int64_t amount = Within(1, order.left);
      if (order.refunds == 0 && Within(1, 100) <= 10) step.stage = Stage::kFailRefund;
      return ask("refund", absl::StrCat("r-", order.id, "-", ++order.refunds), amount);
    }
    case Stage::kSettle:
      if (order.left == 0) return Later(tick + 1, Stage::kShip, order);
      return ask("settlement", absl::StrCat("s-", order.id), order.left);
    case Stage::kLateRefund: {
      Merchant& merchant = merchants_[order.merchant];
      const int64_t amount = Within(1, order.left);
      if (amount > merchant.available) return Later(tick + 1, Stage::kShip, order);
      merchant.available -= amount;
      return ask("late_refund", absl::StrCat("l-", order.id), amount);
    }
    case Stage::kCashOut: {
      Merchant& merchant = merchants_[order.merchant];
      if (merchant.available == 0) return Later(tick + 1, Stage::kShip, order);
      const int64_t amount = Within(1, merchant.available);
      merchant.available -= amount;
      return ask("cash_out", absl::StrCat("c-", order.id), amount);
    }
    case Stage::kShip:
      TellStatus(tick, order, "SHIPPED");
      return Later(tick + Within(1, 100), Stage::kFinish, order);
    case Stage::kFinish:
      return TellStatus(tick, order, "DONE");
  }
}

void Marketplace::Pay(int64_t tick, const Order& order) {
  v1::CheckRequest payment = Request("payment", order, "p-" + order.id, order.paid);
  Move(tick, payment, v1::MOVEMENT_STATUS_HAPPENED);
  TellStatus(tick, order, "PAID");
  v1::Event event;
  v1::Fact& fact = *event.mutable_fact();
  fact.set_name("order_paid");
  fact.set_key(order.id);
  fact.set_account_id(order.merchant);
  auto& fields = *fact.mutable_fields();
  fields["order_id"] = Text(order.id);
  fields["account_id"] = Text(order.merchant);
  fields["amount"] = Amount(order.paid);
  shop.Add(tick, std::move(event));
}

v1::CheckRequest Marketplace::Request(const char* checkpoint, const Order& order,
                                      const std::string& key, int64_t amount) const {
  v1::CheckRequest request;
  request.set_checkpoint(checkpoint);
  request.set_idempotency_key(key);
  request.set_account_id(order.merchant);
  *request.mutable_amount() = Cny(amount);
  if (request.checkpoint() == "cash_out") {
    (*request.mutable_attributes())["payee"] = Text("bank of " + order.merchant);
  } else if (request.checkpoint() == "settlement") {
    v1::Line& line = *request.add_lines();
    line.set_order_id(order.id);
    *line.mutable_amount() = Cny(amount);
    (*line.mutable_parts())["net"] = Cny(amount - FeeOf(amount));
    (*line.mutable_parts())["fee"] = Cny(FeeOf(amount));
  } else {
    request.set_order_id(order.id);
  }
  return request;
}

void Marketplace::Answered(int64_t tick, const v1::CheckRequest& request,
                           const v1::Decision& decision) {
  if (decision.verdict() == v1::VERDICT_HOLD) {
    ++held_;
    again_.push_back(request);
    return;
  }
  Step step = std::move(asked_.extract(request.idempotency_key()).mapped());
  Order& order = step.order;
  const int64_t amount = request.amount().minor_units();
  MerchantSums& sums = sums_[order.merchant];
  if (step.stage == Stage::kFailRefund) {
    Move(tick, request, v1::MOVEMENT_STATUS_IN_PROGRESS);
    Move(tick + Within(1, 20), request, v1::MOVEMENT_STATUS_FAILED);
    return Later(tick + 2 * kKnown, Stage::kRefund, order);
  }
  if (Within(1, 100) <= 30) Move(tick, request, v1::MOVEMENT_STATUS_IN_PROGRESS);
  Move(tick + Within(0, 20), request, v1::MOVEMENT_STATUS_HAPPENED);
  switch (step.stage) {
    case Stage::kRefund:
      order.left -= amount;
      Later(tick + kKnown, Stage::kSettle, order);
      break;
    case Stage::kSettle: {
      const int64_t net = amount - FeeOf(amount);
      sums.settled += net;
      arriving_.emplace(tick + 2 * kKnown, std::pair(order.merchant, net));
      Enter(tick, order.merchant, request.idempotency_key(), net);
      const int64_t luck = Within(1, 100);
      Later(tick + 3 * kKnown,
            luck <= 20   ? Stage::kLateRefund
            : luck <= 60 ? Stage::kCashOut
                         : Stage::kShip,
            order);
      break;
    }
    case Stage::kLateRefund:
      sums.clawed_back += amount;
      Enter(tick, order.merchant, request.idempotency_key(), -amount);
      Later(tick + 1, Stage::kShip, order);
      break;
    case Stage::kCashOut:
      sums.cashed_out += amount;
      Enter(tick, order.merchant, request.idempotency_key(), -amount);
      Later(tick + 1, Stage::kShip, order);
      break;
    default:
      break;
  }
}

void Marketplace::Move(int64_t tick, const v1::CheckRequest& request, v1::MovementStatus status) {
  if (status == v1::MOVEMENT_STATUS_HAPPENED) ++movements_;
  v1::Event event;
  v1::MovementEvent& movement = *event.mutable_movement();
  movement.set_kind(request.checkpoint());
  movement.mutable_row()->set_table(request.checkpoint());
  movement.mutable_row()->set_primary_key(request.idempotency_key());
  movement.mutable_row()->set_image_hash(static_cast<uint64_t>(status));
  v1::Contribution& row = *movement.mutable_after();
  row.set_status(status);
  row.set_idempotency_key(request.idempotency_key());
  row.set_account_id(request.account_id());
  row.set_order_id(request.order_id());
  *row.mutable_amount() = request.amount();
  *row.mutable_attributes() = request.attributes();
  if (request.lines_size() == 1) {
    row.set_order_id(request.lines(0).order_id());
    *row.mutable_parts() = request.lines(0).parts();
  }
  ledger.Add(tick, std::move(event));
}

void Marketplace::TellStatus(int64_t tick, const Order& order, const char* status) {
  v1::Event event;
  v1::Fact& fact = *event.mutable_fact();
  fact.set_name("order_status");
  fact.set_key(order.id);
  fact.set_account_id(order.merchant);
  auto& fields = *fact.mutable_fields();
  fields["order_id"] = Text(order.id);
  fields["account_id"] = Text(order.merchant);
  fields["status"] = Text(status);
  shop.Add(tick, std::move(event));
}

void Marketplace::Enter(int64_t tick, const std::string& merchant, const std::string& entry,
                        int64_t amount) {
  Merchant& of = merchants_[merchant];
  of.balance += amount;
  v1::Event event;
  v1::Fact& fact = *event.mutable_fact();
  fact.set_name("balance_entry");
  fact.set_key(entry);
  fact.set_account_id(merchant);
  auto& fields = *fact.mutable_fields();
  fields["entry_no"] = Text(entry);
  fields["account_id"] = Text(merchant);
  fields["amount"] = Amount(amount);
  fields["balance"] = Amount(of.balance);
  shop.Add(tick, std::move(event));
}

}  // namespace fundgate::scenarios
