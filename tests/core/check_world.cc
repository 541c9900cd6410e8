#include "tests/core/check_world.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace fundgate::core::testing {
namespace {

const char kShop[] = "shop";

FactDefinition NewFact(const char* name, const char* key,
                       std::vector<FactDefinition::Field> fields) {
  FactDefinition fact;
  fact.name = name;
  fact.key = key;
  fact.account = "account_id";
  fact.fields = std::move(fields);
  fact.sources = {SourceName(kShop)};
  return fact;
}

}  // namespace

EventCheck::Declaration Declare(const std::string& section, const std::string& name,
                                std::vector<std::string> events, OnEvent reaction) {
  EventCheck::Declaration declaration;
  declaration.id = absl::StrCat(section, ".", name, "@1");
  declaration.name = name;
  declaration.reaction = reaction;
  declaration.events = std::move(events);
  declaration.sources = {SourceName("ledger"), SourceName(kShop)};
  return declaration;
}

CheckWorld::CheckWorld(std::vector<std::shared_ptr<const EventCheck>> checks)
    : World([&checks](Policy& policy) {
        policy.facts = {NewFact("entry", "entry_id",
                                {{"account_id", FactType::kString},
                                 {"amount", FactType::kMoney},
                                 {"balance", FactType::kMoney},
                                 {"entry_id", FactType::kString},
                                 {"seq", FactType::kInt}}),
                        NewFact("order_paid", "order_id",
                                {{"account_id", FactType::kString},
                                 {"amount", FactType::kMoney},
                                 {"order_id", FactType::kString}}),
                        NewFact("order_status", "order_id",
                                {{"order_id", FactType::kString}, {"status", FactType::kString}})};
        SourceDefinition shop;
        shop.name = SourceName(kShop);
        shop.facts = {"entry", "order_paid", "order_status"};
        policy.sources.push_back(std::move(shop));
        policy.checks = checks;
        for (size_t i = 0; i < checks.size(); ++i) {
          for (const std::string& event : checks[i]->declaration().events) {
            policy.checks_of_event[event].push_back(i);
          }
        }
      }) {
  GrantEpochInput grant;
  grant.source = SourceName(kShop);
  Get<EpochGrant>(std::move(grant));
}

IngestInput CheckWorld::ShopBatch() const {
  const Source& source = state().resident().of<Sources>().at(SourceName(kShop));
  IngestInput input;
  input.source = SourceName(kShop);
  input.epoch = source.epoch;
  input.previous = source.position;
  input.position = source.position;
  return input;
}

void CheckWorld::FeedShop(Event event) {
  Advance(absl::Milliseconds(1));
  IngestInput input = ShopBatch();
  input.position = Position::Parse(absl::StrCat("shop:", ++shop_offset_)).value();
  if (event.id.empty()) event.id = absl::StrCat("shop:", shop_offset_, "/0");
  input.events.push_back(std::move(event));
  Get<IngestAnswer>(std::move(input));
}

void CheckWorld::FactChange(const std::string& name, const std::string& key,
                            std::optional<Attributes> before, std::optional<Attributes> after,
                            const std::string& event) {
  FactEvent fact;
  fact.name = name;
  fact.key = key;
  fact.before = std::move(before);
  fact.after = std::move(after);
  FeedShop(Event{event, now(), std::move(fact), {}});
}

void CheckWorld::Fact(const std::string& name, const std::string& key, Attributes after,
                      const std::string& event) {
  FactChange(name, key, std::nullopt, std::move(after), event);
}

void CheckWorld::Paid(const std::string& order, const std::string& amount,
                      const std::string& event) {
  Fact("order_paid", order,
       {{"order_id", order}, {"account_id", std::string("m1")}, {"amount", M(amount)}}, event);
}

void CheckWorld::Payment(const std::string& order, const std::string& amount, int row) {
  const int number = row == 0 ? 1000 + ++payments_ : row;
  Insert("payment", number, {.key = absl::StrCat("p", number), .order = order, .amount = amount});
}

void CheckWorld::ProveShop(absl::Time read_after) {
  IngestInput input = ShopBatch();
  input.probe = Probe{input.position, read_after};
  Get<IngestAnswer>(std::move(input));
}

void CheckWorld::PassProven(absl::Duration duration) {
  Advance(duration);
  ProveShop(now());
  ProveLedger(now());
}

std::vector<std::string> CheckWorld::Found() const {
  std::vector<std::string> found;
  for (const Violation& violation : state().violations()) {
    found.push_back(absl::StrCat(std::string(ToString(violation.kind)), " ", violation.name));
  }
  return found;
}

}  // namespace fundgate::core::testing
