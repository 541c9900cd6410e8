// Policies: any bytes as a document.
#include "server/policy/loader.h"
#include "tests/fuzz/fuzzer.h"

namespace fundgate::fuzz {

const size_t kInputMax = 2048;

void Run(Input input) {
  const std::string text(input.begin(), input.end());
  const policy::LoadResult loaded = policy::LoadPolicy(text, "p.yaml");
  Expect(loaded.ok() == loaded.problems.empty(), "a policy loads, or has problems");
  if (loaded.ok()) Expect(loaded.loaded->policy != nullptr, "what loads can be run");
  int lines = 1;
  for (const char character : text) lines += character == '\n' ? 1 : 0;
  for (const policy::Problem& problem : loaded.problems) {
    Expect(!problem.message.empty(), "a problem says what it is");
    Expect(problem.line >= 0 && problem.line <= lines + 1, "a problem stands in the text");
  }
  Expect(loaded.ok() || !policy::Render(loaded.problems).empty(), "problems can be shown");
}

std::vector<std::string> Seeds() {
  const std::string base = R"(books:
  order: {key: [account_id, order_id], counters: [paid, refunded], single_currency: true}
movements:
  payment: {effects: [+order.paid]}
  refund: {effects: [+order.refunded], gated: true, identity: [payee]}
checkpoints:
  refund: {max_staleness: 5s, when_stale: HOLD, patience: 200ms, valid_for: 2m, overdue_after: 10m}
invariants:
  within: {book: order, holds: refunded <= paid, otherwise: BLOCK, on_event: freeze}
)";
  const std::string reported = "sources:\n  ledger: {report: {emits: [payment, refund]}}\n";
  return {base + reported,
          base + reported + R"(attributes: {payee: string, channel: string}
numbers: {most: 200, large: CNY 5000.00}
lists: {self: [app, web]}
windows: {w: {of: refund, key: account_id, span: 1h}}
rules:
  burst: {on: check, when: windows.w.count > numbers.most, then: HOLD, mode: shadow}
)",
          base + R"(sources:
  db:
    mariadb: {hosts: ["127.0.0.1:3306"], user: u, password_file: /p}
    tables:
      - table: pay.refund
        counts: 'row.status == "SUCCESS"'
        emit: refund
        fields: {idempotency_key: row.no, account_id: row.m, order_id: row.o,
                 amount: 'money(row.amount, "CNY", "major")'}
)",
          base + reported + R"(tests:
  - name: too much
    given: [{payment: {order_id: o1, account_id: m1, amount: CNY 100.00}}]
    check: {checkpoint: refund, idempotency_key: r1, order_id: o1, account_id: m1,
            amount: CNY 100.01}
    expect: {verdict: BLOCK, reason: within}
)",
          "a: &x [1, 2]\nb: *x\n",
          "books: {order: {key: [account_id, account_id]}}\n"};
}

}  // namespace fundgate::fuzz
