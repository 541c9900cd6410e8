#include "tests/torture/evidence.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace fundgate::torture {
namespace {

// One is enough to know, a few help to understand.
constexpr size_t kMostToSay = 5;

void CheckOne(const Stubs& stubs, const HeardDecision& decision, std::vector<std::string>& wrong) {
  if (wrong.size() >= kMostToSay) return;
  const absl::StatusOr<std::string> words = stubs.WordsOfDecision(decision.id);
  if (!words.ok()) {
    wrong.push_back(
        absl::StrCat("an acknowledged decision is lost: ", std::string(words.status().message()),
                     "\n  heard: ", decision.words));
  } else if (*words != decision.words) {
    wrong.push_back(absl::StrCat("a decision reads otherwise than it was heard:\n  heard: ",
                                 decision.words, "\n  found: ", *words));
  }
}

struct Sums {
  int64_t paid = 0;
  int64_t refunded = 0;
};

// By order, in fen.
absl::StatusOr<std::map<std::string, Sums>> SumsOfTables(World& world) {
  std::map<std::string, Sums> sums;
  for (const bool payments : {true, false}) {
    const absl::StatusOr<mariadb_testing::Rows> rows = world.database().Query(absl::StrCat(
        "SELECT order_no, CAST(SUM(amount) * 100 AS SIGNED) FROM pay.",
        payments ? "payment" : "refund", " WHERE status = 'SUCCESS' GROUP BY order_no"));
    if (!rows.ok()) return rows.status();
    for (const auto& row : *rows) {
      int64_t& sum = payments ? sums[*row[0]].paid : sums[*row[0]].refunded;
      if (!absl::SimpleAtoi(*row[1], &sum)) return absl::InternalError(*row[1]);
    }
  }
  return sums;
}

Sums SumsOfBook(const Stubs& stubs, const std::string& order) {
  v1::GetBookRequest request;
  request.set_book("order");
  request.set_currency_code("CNY");
  (*request.mutable_key())["account_id"] = "m1";
  (*request.mutable_key())["order_id"] = order;
  grpc::ClientContext context;
  v1::GetBookResponse response;
  (void)stubs.audit->GetBook(&context, request, &response);  // no book: all is 0
  Sums sums;
  for (const v1::Counter& counter : response.book().counters()) {
    if (counter.name() == "paid") sums.paid = counter.posted();
    if (counter.name() == "refunded") sums.refunded = counter.posted();
  }
  return sums;
}

}  // namespace

std::vector<std::string> Evidence::Add(std::vector<HeardDecision> heard) {
  std::vector<std::string> wrong;
  for (HeardDecision& decision : heard) {
    const auto [place, is_new] = places_.emplace(decision.id, heard_.size());
    if (is_new) {
      heard_.push_back(std::move(decision));
      continue;
    }
    HeardDecision& known = heard_[place->second];
    if (known.words != decision.words) {
      wrong.push_back(absl::StrCat("one decision was heard in two ways:\n  first: ", known.words,
                                   "\n  then:  ", decision.words));
    }
    if (!known.replayed && !decision.replayed) {
      wrong.push_back(absl::StrCat("a decision was made twice: ", decision.words));
    }
    known.replayed = known.replayed && decision.replayed;
  }
  return wrong;
}

std::vector<std::string> Evidence::CheckNewest(const Stubs& stubs, size_t count) const {
  std::vector<std::string> wrong;
  for (size_t i = 0; i < std::min(count, heard_.size()); ++i) {
    CheckOne(stubs, heard_[heard_.size() - 1 - i], wrong);
  }
  return wrong;
}

std::vector<std::string> Evidence::CheckAll(const Stubs& stubs) const {
  std::vector<std::string> wrong;
  for (const HeardDecision& decision : heard_) CheckOne(stubs, decision, wrong);
  std::vector<bool> found(heard_.size(), false);
  v1::ExportTracesRequest request;
  request.mutable_filter()->add_kinds(v1::TRACE_KIND_CHECK);
  grpc::ClientContext context;
  const auto stream = stubs.audit->ExportTraces(&context, request);
  v1::Trace trace;
  while (stream->Read(&trace)) {
    const auto place = places_.find(trace.decision().decision_id());
    if (place == places_.end()) continue;
    found[place->second] = true;
    const std::string words = WordsOf(trace.decision());
    if (words == heard_[place->second].words || wrong.size() >= kMostToSay) continue;
    wrong.push_back(absl::StrCat("the journal says otherwise than was heard:\n  heard: ",
                                 heard_[place->second].words, "\n  found: ", words));
  }
  const grpc::Status status = stream->Finish();
  if (!status.ok()) wrong.push_back(absl::StrCat("the journal ended: ", status.error_message()));
  for (size_t i = 0; i < found.size() && wrong.size() < kMostToSay; ++i) {
    if (!found[i]) wrong.push_back(absl::StrCat("not in the journal: ", heard_[i].words));
  }
  return wrong;
}

void Evidence::Add(const History& history) {
  for (const Operation& operation : history.operations) {
    if (operation.heard != Heard::kDone) continue;
    if (operation.what == What::kConfirm || operation.what == What::kRelease) {
      settled_.insert(operation.decision);
    } else if (operation.what == What::kRefunded) {
      made_.insert(operation.key);
    }
  }
}

bool Evidence::IsForgotten(const v1::Violation& overdue) const {
  constexpr std::string_view kBefore = "allowed by ";
  const size_t begin = overdue.message().find(kBefore);
  if (begin == std::string::npos) return false;
  const size_t name = begin + kBefore.size();
  const std::string decision =
      overdue.message().substr(name, overdue.message().find(' ', name) - name);
  return !settled_.contains(decision) && !made_.contains(overdue.idempotency_key());
}

std::vector<std::string> Evidence::CheckViolations(const Stubs& stubs) const {
  std::vector<std::string> wrong;
  v1::ListViolationsRequest request;
  do {
    grpc::ClientContext context;
    v1::ListViolationsResponse page;
    const grpc::Status status = stubs.audit->ListViolations(&context, request, &page);
    if (!status.ok()) {
      wrong.push_back(absl::StrCat("violations: ", status.error_message()));
      return wrong;
    }
    for (const v1::Violation& violation : page.violations()) {
      if (violation.kind() == v1::VIOLATION_KIND_OVERDUE && IsForgotten(violation)) continue;
      wrong.push_back(absl::StrCat("a false violation: ", violation.ShortDebugString()));
      if (wrong.size() >= kMostToSay) return wrong;
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return wrong;
}

std::vector<std::string> CheckBooks(World& world) {
  std::vector<std::string> wrong;
  const absl::StatusOr<std::map<std::string, Sums>> tables = SumsOfTables(world);
  if (!tables.ok()) return {std::string(tables.status().message())};
  for (const auto& [order, sums] : *tables) {
    const Sums book = SumsOfBook(world.stubs(), order);
    if (book.paid != sums.paid || book.refunded != sums.refunded) {
      wrong.push_back(absl::StrCat("order ", order, ": the tables say ", sums.paid, " paid and ",
                                   sums.refunded, " refunded, the book ", book.paid, " and ",
                                   book.refunded));
    }
    if (sums.refunded > sums.paid) {
      wrong.push_back(
          absl::StrCat("order ", order, ": ", sums.refunded, " of ", sums.paid, " was refunded"));
    }
  }
  return wrong;
}

}  // namespace fundgate::torture
