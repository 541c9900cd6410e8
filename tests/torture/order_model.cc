#include "tests/torture/order_model.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace fundgate::torture {
namespace {

using Orders = std::vector<Order>;

// True if `decision` is what allows the refund; who it was is known from then on.
bool IsAllowedBy(Refund& refund, const std::string& decision) {
  if (refund.allowed_by == kUnheard) refund.allowed_by = decision;
  return refund.allowed_by == decision;
}

bool WasReleased(const Refund& refund, const std::string& decision) {
  return std::find(refund.released.begin(), refund.released.end(), decision) !=
         refund.released.end();
}

void SetFree(Refund& refund) {
  refund.released.push_back(std::exchange(refund.allowed_by, ""));
  std::sort(refund.released.begin(), refund.released.end());
  refund.stand = Stand::kOpen;
  refund.reserved = 0;
}

bool HasMoved(const Refund& refund) {
  return refund.stand == Stand::kConfirmed || refund.stand == Stand::kPosted;
}

class Step {
 public:
  Step(const Order& order, const Operation& operation, std::string* why)
      : order_(order), operation_(operation), why_(why) {}

  Orders Take() {
    switch (operation_.what) {
      case What::kCheck:
        return operation_.heard == Heard::kNothing ? UnheardCheck() : Check();
      case What::kConfirm:
        return Confirm();
      case What::kRelease:
        return Release();
      case What::kRead:
        return Read();
      case What::kPaid:
        order_.paid += operation_.amount;
        return {order_};
      case What::kRefunded:
        return Refunded();
      case What::kFailed:
        return Failed();
    }
    return {};
  }

 private:
  Refund& refund() { return order_.refunds[operation_.key]; }

  Orders No(std::string why) {
    if (why_ != nullptr) *why_ = std::move(why);
    return {};
  }

  Orders Yes() { return {order_}; }

  bool IsAnothers() { return refund().bound != 0 && refund().bound != operation_.amount; }

  bool Fits() const { return order_.Taken() + operation_.amount <= order_.paid; }

  Orders Check() {
    switch (operation_.heard) {
      case Heard::kConflict:
        return IsAnothers() ? Yes() : No("the key stands for no other movement");
      case Heard::kAlreadyMoved:
        return HasMoved(refund()) ? Yes() : No("it has not moved");
      case Heard::kAllow:
      case Heard::kHold:
      case Heard::kOverdrawn:
        break;
      default:
        return No("no gate may answer so");
    }
    if (IsAnothers()) return No(absl::StrCat("the key stands for ", refund().bound));
    if (HasMoved(refund())) return No("it has moved already");
    refund().bound = operation_.amount;
    if (operation_.heard == Heard::kHold) return Yes();
    if (operation_.heard == Heard::kAllow) return Allow();
    if (refund().stand == Stand::kPending) return No("it is allowed already");
    return Fits() ? No(absl::StrCat("only ", order_.Taken(), " of ", order_.paid, " is taken"))
                  : Yes();
  }

  Orders Allow() {
    if (refund().stand == Stand::kPending) {
      if (!operation_.replayed) {
        return No(absl::StrCat("it is allowed already, by ", refund().allowed_by));
      }
      return IsAllowedBy(refund(), operation_.decision)
                 ? Yes()
                 : No(absl::StrCat("it is allowed by ", refund().allowed_by));
    }
    if (operation_.replayed) return No("nothing allows it that could be said again");
    return AllowBy(operation_.decision);
  }

  Orders AllowBy(const std::string& decision) {
    if (WasReleased(refund(), decision)) return No("that decision was released");
    if (!Fits()) {
      return No(absl::StrCat(order_.Taken(), " of ", order_.paid, " is taken: ", operation_.amount,
                             " more is too much"));
    }
    refund().stand = Stand::kPending;
    refund().reserved = operation_.amount;
    refund().allowed_by = decision;
    return Yes();
  }

  // Recorded as held or blocked, or allowed.
  Orders UnheardCheck() {
    Orders all;
    if (IsAnothers() || HasMoved(refund())) return all;
    refund().bound = operation_.amount;
    all.push_back(order_);
    if (refund().stand != Stand::kOpen) return all;
    const Orders allowed = AllowBy(kUnheard);
    all.insert(all.end(), allowed.begin(), allowed.end());
    return all;
  }

  Orders Confirm() {
    const bool is_this =
        refund().stand != Stand::kOpen && IsAllowedBy(refund(), operation_.decision);
    if (operation_.heard == Heard::kRefused) {
      return is_this ? No("it is allowed by that decision") : Yes();
    }
    if (operation_.heard == Heard::kStrange) return No("no gate may answer so");
    if (!is_this) return No("that decision does not allow it");
    if (refund().stand == Stand::kPending) {
      refund().stand = Stand::kConfirmed;
      refund().reserved = operation_.amount;
    }
    return Yes();
  }

  Orders Release() {
    const bool is_this =
        refund().stand != Stand::kOpen && IsAllowedBy(refund(), operation_.decision);
    if (operation_.heard == Heard::kRefused) {
      return is_this && HasMoved(refund()) ? Yes() : No("it has not moved");
    }
    if (operation_.heard == Heard::kStrange) return No("no gate may answer so");
    if (!is_this) {
      return WasReleased(refund(), operation_.decision) ? Yes()
                                                        : No("that decision never allowed it");
    }
    if (HasMoved(refund())) return No("it has moved");
    SetFree(refund());
    return Yes();
  }

  Orders Read() {
    int64_t refunded = 0;
    int64_t pending = 0;
    for (const auto& [key, known] : order_.refunds) {
      refunded += known.posted;
      pending += known.reserved;
    }
    const bool equal = operation_.paid == order_.paid && operation_.refunded == refunded &&
                       operation_.pending == pending;
    return equal ? Yes()
                 : No(absl::StrCat("paid is ", order_.paid, ", refunded ", refunded, ", pending ",
                                   pending));
  }

  Orders Refunded() {
    refund().stand = Stand::kPosted;
    refund().reserved = 0;
    refund().posted += operation_.amount;
    return Yes();
  }

  // It releases what no other check can be meant by; else it changes nothing.
  Orders Failed() {
    Orders all = {order_};
    if (refund().stand != Stand::kPending) return all;
    SetFree(refund());
    all.insert(all.begin(), order_);
    return all;
  }

  Order order_;
  const Operation& operation_;
  std::string* const why_;
};

}  // namespace

int64_t Order::Taken() const {
  int64_t taken = 0;
  for (const auto& [key, refund] : refunds) taken += refund.reserved + refund.posted;
  return taken;
}

std::string Order::Text() const {
  std::string text = absl::StrCat("paid ", paid);
  for (const auto& [key, refund] : refunds) {
    absl::StrAppend(&text, "; ", key, ": ");
    switch (refund.stand) {
      case Stand::kOpen:
        absl::StrAppend(&text, "open");
        break;
      case Stand::kPending:
        absl::StrAppend(&text, "pending ", refund.reserved);
        break;
      case Stand::kConfirmed:
        absl::StrAppend(&text, "confirmed ", refund.reserved);
        break;
      case Stand::kPosted:
        absl::StrAppend(&text, "posted ", refund.posted);
        break;
    }
    if (!refund.allowed_by.empty()) absl::StrAppend(&text, " by ", refund.allowed_by);
    if (refund.bound != 0) absl::StrAppend(&text, ", asked for ", refund.bound);
    for (const std::string& decision : refund.released) {
      absl::StrAppend(&text, ", released ", decision);
    }
  }
  return text;
}

std::vector<Order> After(const Order& order, const Operation& operation, std::string* why) {
  return Step(order, operation, why).Take();
}

}  // namespace fundgate::torture
