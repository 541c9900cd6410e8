// The records that a gate would keep of a population's history, made without judging it: the
// machine judges one order, and whatever of its records depends on which order and key it is, and
// on when that was, is put in. fill_test.cc compares them with what the machine makes of all
// orders.
#ifndef TESTS_BENCH_SCALE_FILLED_RECORDS_H_
#define TESTS_BENCH_SCALE_FILLED_RECORDS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/core/records.h"
#include "tests/bench/scale/history.h"

namespace fundgate::bench {

// One thread.
class FilledRecords {
 public:
  static absl::StatusOr<FilledRecords> Of(const Timeline& timeline);

  // What is stored of the key of that number. Valid until the next call.
  const core::KeyRecord& Key(uint64_t number);
  core::KeyId IdOf(uint64_t number) const;
  // When it is to be forgotten.
  absl::Time WakeAt(uint64_t number) const { return timeline_.ChangedAt(number) + retention_; }

  // Those of all orders are alike.
  const core::Book& book() const { return book_; }
  const core::Family& family() const { return family_; }
  core::BookId BookOf(uint64_t order) const;
  core::FamilyId FamilyOf(uint64_t order) const;

  const Timeline& timeline() const { return timeline_; }

 private:
  explicit FilledRecords(const Timeline& timeline) : timeline_(timeline) {}

  Timeline timeline_;
  absl::Duration retention_;
  core::KeyRecord payment_;
  core::KeyRecord refund_;
  core::Book book_;
  core::Family family_;
};

}  // namespace fundgate::bench

#endif  // TESTS_BENCH_SCALE_FILLED_RECORDS_H_
