#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/fundctl/output.h"
#include "client/fundctl/rows.h"
#include "client/fundctl/verbs.h"
#include "fundgate/v1/audit.grpc.pb.h"

namespace fundgate::fundctl {
namespace {

Row ShortRow(const Context& context, const v1::Reservation& reservation) {
  return {absl::StrCat(reservation.checkpoint(), " ", reservation.idempotency_key()),
          WithoutPrefix(v1::ReservationState_Name(reservation.state()), "RESERVATION_STATE_"),
          TextOf(reservation.amount()),
          absl::StrJoin(reservation.order_ids(), ","),
          reservation.overdue() ? Painted(context, Tone::kBad, "overdue")
                                : absl::StrCat("overdue at ", TextOf(reservation.overdue_at())),
          reservation.decision_id()};
}

Row ShortRow(const Context& context, const v1::Trace& check) {
  std::vector<std::string> why;
  for (const v1::Reason& reason : check.decision().reasons()) why.push_back(NameOf(reason));
  return {TextOf(check.time()),
          absl::StrCat(check.check().checkpoint(), " ", check.check().idempotency_key()),
          TextOf(check.check().amount()),
          Painted(context, check.decision().verdict()) +
              (check.decision().replayed() ? " (replayed)" : ""),
          check.decision().decision_id(),
          absl::StrJoin(why, ", ")};
}

template <typename List>
std::vector<Row> RowsOf(const Context& context, Row head, const List& list) {
  std::vector<Row> rows = {std::move(head)};
  for (const auto& entry : list) rows.push_back(ShortRow(context, entry));
  return rows;
}

void PrintPage(Context& context, const std::string& account, const v1::GetAccountResponse& page) {
  std::vector<Row> books = {BookHead()};
  for (const v1::Book& book : page.books()) AddRows(context, book, books);
  context.out << Painted(context, Tone::kTitle, "account " + account) << "  as of record "
              << page.as_of_sequence() << "\n\n"
              << Section(context, "BOOKS", books, "nothing was ever posted or is pending")
              << (page.more_books() ? "There are more books than these.\n\n" : "")
              << Section(
                     context, "RESERVATIONS",
                     RowsOf(context, {"MOVEMENT", "STATE", "AMOUNT", "ORDERS", "UNTIL", "DECISION"},
                            page.reservations()),
                     "none is open")
              << Section(context, "HOLDS", RowsOf(context, HoldHead(), page.holds()), "none waits")
              << Section(context, "BREAKERS", RowsOf(context, BreakerHead(), page.breakers()),
                         "all over it are closed")
              << Section(context, "VIOLATIONS", RowsOf(context, ViolationHead(), page.violations()),
                         "none was found")
              << Section(context, "LAST CHECKS",
                         RowsOf(context, {"AT", "MOVEMENT", "AMOUNT", "VERDICT", "DECISION", "WHY"},
                                page.checks()),
                         absl::StrCat("none since record ", page.searched_from_sequence()))
              << std::flush;
}

ExitCode RunShow(Context& context, const std::string& account, int checks) {
  v1::GetAccountRequest request;
  request.set_account_id(account);
  request.set_checks(checks);
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::GetAccountResponse page;
  const grpc::Status status =
      v1::Audit::NewStub(context.channel())->GetAccount(&call, request, &page);
  if (!status.ok()) return context.Fail(status);
  context.json ? PrintJson(context, page) : PrintPage(context, account, page);
  return kOk;
}

}  // namespace

void AddAccount(CLI::App& app, Context& context) {
  CLI::App* account = app.add_subcommand("account", "All about one account");
  account->require_subcommand(1);
  auto id = std::make_shared<std::string>();
  auto checks = std::make_shared<int>(10);
  CLI::App* show = account->add_subcommand(
      "show", "Its books, reservations, holds, breakers, violations and last checks on one page");
  show->footer("\nExample:\n  fundctl account show m1\n");
  show->add_option("account", *id, "The account")->required();
  show->add_option("--checks", *checks, "How many of its last checks")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  show->callback([&context, id, checks] {
    context.run = [&context, id, checks] { return RunShow(context, *id, *checks); };
  });
}

}  // namespace fundgate::fundctl
