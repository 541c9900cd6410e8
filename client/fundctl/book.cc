#include <memory>
#include <ostream>

#include "CLI/CLI.hpp"
#include "client/fundctl/output.h"
#include "client/fundctl/verbs.h"
#include "fundgate/v1/audit.grpc.pb.h"

namespace fundgate::fundctl {
namespace {

struct BookOptions {
  std::string book;
  std::string account;
  std::string order;
  std::string currency;
};

ExitCode Run(Context& context, const BookOptions& options) {
  v1::GetBookRequest request;
  request.set_book(options.book);
  request.set_currency_code(options.currency);
  (*request.mutable_key())["account_id"] = options.account;
  if (!options.order.empty()) (*request.mutable_key())["order_id"] = options.order;
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::GetBookResponse response;
  const grpc::Status status =
      v1::Audit::NewStub(context.channel())->GetBook(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  if (context.json) {
    PrintJson(context, response);
    return kOk;
  }
  std::vector<std::vector<std::string>> rows = {
      {"COUNTER", "POSTED", "PENDING UP", "PENDING DOWN"}};
  for (const v1::Counter& counter : response.book().counters()) {
    const auto text = [&options](int64_t units) {
      v1::Money money;
      money.set_currency_code(options.currency);
      money.set_minor_units(units);
      return TextOf(money);
    };
    rows.push_back({counter.name(), text(counter.posted()), text(counter.pending_up()),
                    text(counter.pending_down())});
  }
  PrintTable(context, rows);
  if (response.book().unproven()) {
    context.out << "UNPROVEN: " << response.book().unproven_reason() << "\n";
  }
  return kOk;
}

}  // namespace

void AddBook(CLI::App& app, Context& context) {
  CLI::App* book = app.add_subcommand("book", "Counters of orders, merchants ...");
  book->require_subcommand(1);
  auto options = std::make_shared<BookOptions>();
  CLI::App* verb = book->add_subcommand("get", "Shows what is posted and pending");
  verb->footer(
      "\nExample:\n"
      "  fundctl book get order --account m1 --order o1 --currency CNY\n");
  verb->add_option("book", options->book, "The book's name in the policy")->required();
  verb->add_option("--account", options->account, "Account")->required();
  verb->add_option("--order", options->order, "Order, for books kept by order");
  verb->add_option("--currency", options->currency, "ISO 4217 code")->required();
  verb->callback([&context, options] {
    context.run = [&context, options] { return Run(context, *options); };
  });
}

}  // namespace fundgate::fundctl
