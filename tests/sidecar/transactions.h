// Transactions for tests of the feeding.
#ifndef TESTS_SIDECAR_TRANSACTIONS_H_
#define TESTS_SIDECAR_TRANSACTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "server/sidecar/feed/request_builder.h"
#include "server/sidecar/feed/transaction.h"

namespace fundgate::feed::testing {

// Transaction 0-1-SEQUENCE of so many rows, each a payment of its own, committed at second 1000.
Transaction MakeTransaction(uint64_t sequence, uint32_t rows, size_t memory_bytes_max = 1 << 20);

// The event of a row.
v1::Event EventOf(uint64_t sequence, uint32_t row);

v1::GetPositionResponse GrantAt(const std::string& position);

// Of source "pay_db" under epoch 3 with mapping 77; the test fails if there is none.
RequestBuilder BuilderAt(const std::string& position, const RequestLimits& limits = {});

}  // namespace fundgate::feed::testing

#endif  // TESTS_SIDECAR_TRANSACTIONS_H_
