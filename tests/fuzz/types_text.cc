// Money and positions: any bytes as their text.
#include "fundgate/types/money.h"
#include "fundgate/types/position.h"
#include "tests/fuzz/fuzzer.h"

namespace fundgate::fuzz {

const size_t kInputMax = 128;

void Run(Input input) {
  const std::string text(input.begin(), input.end());
  if (const absl::StatusOr<Money> money = Money::Parse(text); money.ok()) {
    const absl::StatusOr<Money> again = Money::Parse(money->ToString());
    Expect(again.ok() && *again == *money, "an amount that is printed is read as the same");
  } else {
    Expect(!money.status().message().empty(), "an error says what is wrong");
  }
  if (const absl::StatusOr<Position> position = Position::Parse(text); position.ok()) {
    const absl::StatusOr<Position> again = Position::Parse(position->ToString());
    Expect(again.ok() && *again == *position, "a position that is printed is read as the same");
    Expect(again->ToString() == position->ToString(), "a position has one form");
    Expect(position->Covers(*again) && position->Covers(Position()),
           "a position covers itself and the one before everything");
  } else {
    Expect(!position.status().message().empty(), "an error says what is wrong");
  }
}

std::vector<std::string> Seeds() {
  return {"CNY 12.34",
          "JPY 5",
          "KWD -0.001",
          "CNY 92233720368547758.07",
          "0-1-5,1-2-18446744073709551615",
          "00112233-4455-6677-8899-aabbccddeeff:1-5:7-9",
          "bin.000001:4,orders/3:17"};
}

}  // namespace fundgate::fuzz
