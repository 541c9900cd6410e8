// Sales and cancellations of a real shop, as outside test data has them.
#ifndef TESTS_END_TO_END_RETAIL_DATA_H_
#define TESTS_END_TO_END_RETAIL_DATA_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fundgate::end_to_end {

// One line of an invoice, as it stands in the file.
struct RetailLine {
  std::string invoice;  // of a cancellation it begins with C
  std::string item;
  int64_t quantity = 0;    // less than 0 of a cancellation or a correction of the stock
  std::string unit_price;  // pounds: "2.55", "0.001"
  std::string customer;    // empty: not known

  bool is_cancellation() const { return invoice.starts_with('C'); }
};

// A price in thousandths of a pound; nothing if it isn't a plain number with three places at most.
std::optional<int64_t> Thousandths(std::string_view price);

// The file's lines in their order, which is that of time. Empty if it can't be read to its end or
// a line isn't understood.
std::vector<RetailLine> ReadRetail(const std::string& xz_file);

}  // namespace fundgate::end_to_end

#endif  // TESTS_END_TO_END_RETAIL_DATA_H_
