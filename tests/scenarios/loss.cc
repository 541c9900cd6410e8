#include "tests/scenarios/loss.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "fundgate/types/money.h"

namespace fundgate::scenarios {
namespace {

// What reads one scenario. Its first problem is remembered, and what follows doesn't matter.
class Reader {
 public:
  Reader(const YAML::Node& node, std::string prefix) : node_(node), prefix_(std::move(prefix)) {}

  absl::StatusOr<Loss> Read() {
    loss_.name = Text(node_["name"]);
    loss_.type = Text(node_["type"]);
    loss_.accounts = {prefix_ + "m", prefix_ + "n"};
    if (std::find(LossTypes().begin(), LossTypes().end(), loss_.type) == LossTypes().end()) {
      Fail(absl::StrCat("type '", loss_.type, "' is none of ", absl::StrJoin(LossTypes(), ", ")));
    }
    for (const YAML::Node& step : node_["do"]) ReadStep(step);
    ReadCatch(node_["caught"]);
    if (!problem_.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("scenario '", loss_.name, "': ", problem_));
    }
    return std::move(loss_);
  }

 private:
  void Fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  std::string Text(const YAML::Node& node) const {
    if (!node || !node.IsScalar()) return "";
    return absl::StrReplaceAll(node.Scalar(), {{"~", prefix_}});
  }

  // Of an entry that must be there.
  std::string Needed(const YAML::Node& map, const char* name) {
    std::string text = Text(map[name]);
    if (text.empty()) Fail(absl::StrCat("a step has no ", name));
    return text;
  }

  void ReadStep(const YAML::Node& step) {
    if (!step.IsMap() || step.size() != 1) return Fail("a step is one entry, such as `app: ...`");
    const std::string kind = step.begin()->first.Scalar();
    const YAML::Node what = step.begin()->second;
    if (kind == "app" || kind == "hand") return ReadWrite(what, kind == "hand");
    if (kind == "paid") return ReadPaid(what);
    if (kind == "settled") return ReadSettled(what);
    if (kind == "ask") return ReadAsk(what);
    if (kind == "confirm" || kind == "release") {
      loss_.steps.emplace_back(Tell{Text(what), kind == "confirm"});
    } else if (kind == "await") {
      loss_.steps.emplace_back(AwaitKind{Text(what)});
    } else if (kind == "reject") {
      loss_.steps.emplace_back(Reject{Text(what)});
    } else {
      Fail(absl::StrCat("'", kind, "' is no step"));
    }
  }

  void ReadWrite(const YAML::Node& what, bool by_hand) {
    Write write{{}, by_hand};
    if (what.IsScalar()) write.statements.push_back(Text(what));
    for (const YAML::Node& statement : what) write.statements.push_back(Text(statement));
    loss_.steps.emplace_back(std::move(write));
  }

  // An order that was placed and paid, with all that the service writes of it.
  void ReadPaid(const YAML::Node& what) {
    const std::string order = Needed(what, "order");
    const std::string amount = Needed(what, "amount");
    const std::string merchant = what["merchant"] ? Text(what["merchant"]) : prefix_ + "m";
    loss_.steps.emplace_back(
        Write{{absl::StrFormat("INSERT INTO pay.sales_order (order_no, merchant_id, amount) VALUES "
                               "('%s', '%s', %s)",
                               order, merchant, amount)}});
    loss_.steps.emplace_back(
        Write{{absl::StrFormat("INSERT INTO pay.payment VALUES ('p-%s', '%s', '%s', %s, 'SUCCESS')",
                               order, merchant, order, amount),
               absl::StrFormat("INSERT INTO pay.payment_v2 (payment_no, merchant_id, order_no, "
                               "amount_fen) VALUES ('p-%s', '%s', '%s', %s * 100)",
                               order, merchant, order, amount),
               absl::StrFormat("UPDATE pay.sales_order SET status = 'PAID', paid_amount = %s "
                               "WHERE order_no = '%s'",
                               amount, order)}});
  }

  // An order whose amount was settled, as the gate had allowed; it must be of whole yuan.
  void ReadSettled(const YAML::Node& what) {
    const std::string order = Needed(what, "order");
    const std::string key = Needed(what, "key");
    const std::string merchant = prefix_ + "m";
    YAML::Node ask;
    ask["checkpoint"] = "settlement";
    for (const char* name : {"key", "order", "amount", "net", "fee"}) ask[name] = what[name];
    ReadAsk(ask);
    loss_.steps.emplace_back(Write{
        {absl::StrFormat("INSERT INTO pay.settlement_item VALUES ('%s', 1, '%s', '%s', %s * 100, "
                         "%s * 100, 'SETTLED')",
                         key, merchant, order, Needed(what, "amount"), Needed(what, "fee"))}});
    loss_.steps.emplace_back(Tell{key, true});
  }

  void ReadAsk(const YAML::Node& what) {
    Ask ask;
    ask.request.set_checkpoint(Needed(what, "checkpoint"));
    ask.request.set_idempotency_key(Needed(what, "key"));
    ask.request.set_account_id(what["merchant"] ? Text(what["merchant"]) : prefix_ + "m");
    const std::string currency = what["currency"] ? Text(what["currency"]) : "CNY";
    if (what["net"]) {
      v1::Line& line = *ask.request.add_lines();
      line.set_order_id(Text(what["order"]));
      *line.mutable_amount() = Amount(currency, what["amount"]);
      (*line.mutable_parts())["net"] = Amount(currency, what["net"]);
      (*line.mutable_parts())["fee"] = Amount(currency, what["fee"]);
    } else {
      ask.request.set_order_id(Text(what["order"]));
    }
    *ask.request.mutable_amount() = Amount(currency, what["amount"]);
    for (const char* name : {"payee", "channel"}) {
      if (!what[name]) continue;
      (*ask.request.mutable_attributes())[name].set_string_value(Text(what[name]));
    }
    if (what["verdict"]) ask.verdict = Text(what["verdict"]);
    loss_.steps.emplace_back(std::move(ask));
  }

  v1::Money Amount(const std::string& currency, const YAML::Node& node) {
    const absl::StatusOr<Money> parsed = Money::Parse(absl::StrCat(currency, " ", Text(node)));
    v1::Money amount;
    if (!parsed.ok()) {
      Fail(std::string(parsed.status().message()));
      return amount;
    }
    amount.set_currency_code(currency);
    amount.set_minor_units(parsed->minor_units);
    return amount;
  }

  void ReadCatch(const YAML::Node& caught) {
    static const auto& places = *new std::map<std::string, Place>{{"check", Place::kCheck},
                                                                  {"event", Place::kEvent},
                                                                  {"deadline", Place::kDeadline},
                                                                  {"nowhere", Place::kNowhere}};
    if (!caught || !caught.IsMap()) return Fail("it doesn't say where it is caught");
    const auto place = places.find(Text(caught["at"]));
    if (place == places.end()) return Fail("caught.at is check, event, deadline or nowhere");
    loss_.place = place->second;
    loss_.verdict = Text(caught["verdict"]);
    loss_.reason = Text(caught["reason"]);
    loss_.breaker = Text(caught["breaker"]);
    for (const YAML::Node& violation : caught["violations"]) {
      loss_.violations.push_back(Text(violation));
    }
    std::sort(loss_.violations.begin(), loss_.violations.end());
    const bool asks = loss_.place == Place::kCheck;
    if (asks != !loss_.verdict.empty()) Fail("caught at a check, and only there, has a verdict");
    if (asks && (loss_.steps.empty() || !std::holds_alternative<Ask>(loss_.steps.back()))) {
      Fail("what is caught at a check ends with it");
    }
    const bool found = loss_.place == Place::kEvent || loss_.place == Place::kDeadline;
    if (found == loss_.violations.empty() && !asks) Fail("violations don't fit where it is caught");
  }

  const YAML::Node& node_;
  const std::string prefix_;
  Loss loss_;
  std::string problem_;
};

}  // namespace

const std::vector<std::string>& LossTypes() {
  static const auto& types = *new std::vector<std::string>{
      "wrong_output", "disagreement", "idempotency", "no_output", "manual_fix"};
  return types;
}

bool Loss::takes_time() const {
  return place == Place::kDeadline || std::any_of(steps.begin(), steps.end(), [](const Step& step) {
           return std::holds_alternative<AwaitKind>(step);
         });
}

absl::StatusOr<std::vector<Loss>> ReadLosses(const std::string& path) {
  YAML::Node file;
  try {  // yaml-cpp throws what it can't read
    file = YAML::LoadFile(path);
  } catch (const YAML::Exception& problem) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", problem.what()));
  }
  std::vector<Loss> losses;
  for (const YAML::Node& node : file["losses"]) {
    absl::StatusOr<Loss> loss = Reader(node, absl::StrFormat("L%02d-", losses.size() + 1)).Read();
    if (!loss.ok()) return loss.status();
    losses.push_back(*std::move(loss));
  }
  return losses;
}

}  // namespace fundgate::scenarios
