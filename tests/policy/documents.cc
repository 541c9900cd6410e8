#include "tests/policy/documents.h"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "gtest/gtest.h"
#include "tests/places/places.h"

namespace fundgate::policy::testing {

std::string SmallPolicy(const std::vector<std::pair<std::string, std::string>>& changes) {
  std::string text =
      "books:\n"
      "  order: {key: [account_id, order_id], counters: [paid, refunded], single_currency: true}\n"
      "movements:\n"
      "  payment: {effects: [+order.paid]}\n"
      "  chargeback: {effects: [-order.paid], reversible: true}\n"
      "  refund: {effects: [+order.refunded], gated: true}\n"
      "checkpoints:\n"
      "  refund: {max_staleness: 5s}\n"
      "invariants:\n"
      "  refunds_within_paid: {book: order, holds: refunded <= paid}\n"
      "sources:\n"
      "  bank: {report: {emits: [chargeback]}}\n"
      "  till: {report: {emits: [payment, refund]}}\n";
  for (const auto& [from, to] : changes) {
    const size_t at = text.find(from);
    if (at == std::string::npos) {
      ADD_FAILURE() << "the small policy has no \"" << from << "\"";
      continue;
    }
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string ReadProjectFile(const std::string& path) {
  std::ifstream file(places::Source(path));
  EXPECT_TRUE(file.good()) << "can't read " << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

LoadedPolicy MustLoad(const std::string& text) {
  LoadResult result = LoadPolicy(text, "policy.yaml");
  if (!result.ok()) {
    std::cerr << Render(result.problems);
    std::abort();
  }
  return *std::move(result.loaded);
}

}  // namespace fundgate::policy::testing
