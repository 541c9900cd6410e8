#include "tests/sidecar/transactions.h"

#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/sidecar/mapping/row_mapper.h"

namespace fundgate::feed::testing {

v1::Event EventOf(uint64_t sequence, uint32_t row) {
  v1::Event event;
  event.set_event_id(absl::StrCat("0-1-", sequence));
  event.set_row_index(row * mapping::RowMapper::kEventsOfARow);
  v1::MovementEvent& movement = *event.mutable_movement();
  movement.set_kind("payment");
  movement.mutable_row()->set_table("pay.payment");
  movement.mutable_row()->set_primary_key(absl::StrCat(row));
  v1::Contribution& after = *movement.mutable_after();
  after.set_status(v1::MOVEMENT_STATUS_HAPPENED);
  after.set_idempotency_key(absl::StrCat("p", sequence, "-", row));
  after.set_account_id("m1");
  after.set_order_id("o1");
  after.mutable_amount()->set_currency_code("CNY");
  after.mutable_amount()->set_minor_units(1);
  return event;
}

Transaction MakeTransaction(uint64_t sequence, uint32_t rows, size_t memory_bytes_max) {
  Transaction transaction{
      Gtid{0, 1, sequence}, absl::FromUnixSeconds(1000), {memory_bytes_max, "/tmp"}, {}, false};
  for (uint32_t row = 0; row < rows; ++row) {
    EXPECT_TRUE(transaction.events.Append(EventOf(sequence, row)).ok());
  }
  return transaction;
}

v1::GetPositionResponse GrantAt(const std::string& position) {
  v1::GetPositionResponse grant;
  grant.set_position(position);
  grant.set_epoch(3);
  grant.mutable_gate_time()->set_seconds(50);
  return grant;
}

RequestBuilder BuilderAt(const std::string& position, const RequestLimits& limits) {
  auto builder =
      RequestBuilder::Create("pay_db", 77, GrantAt(position), PositionForm::kGtids, limits);
  EXPECT_TRUE(builder.ok()) << builder.status();
  return *std::move(builder);
}

}  // namespace fundgate::feed::testing
