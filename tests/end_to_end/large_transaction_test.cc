// Transactions that are larger than the sidecar's memory. FUNDGATE_LARGE_TRANSACTION_MIB says how
// large.
#include "tests/end_to_end/large_transaction.h"

#include <gtest/gtest.h>

namespace fundgate::end_to_end {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMeasures = false;  // sanitizers take memory of their own
#else
constexpr bool kMeasures = true;
#endif

constexpr int64_t kSidecarMemoryMib = 256;
constexpr int64_t kGrowthMibMax = 64;
constexpr int64_t kBytesOfText = 2000;

TEST(LargeTransaction, ArrivesWholeWithFlatMemoryAndNobodyIsJudgedByHalfOfIt) {
  const int64_t mib = Rounds("FUNDGATE_LARGE_TRANSACTION_MIB", 96);
  SidecarWorld world(LargeTransactionWorld(kMeasures ? kSidecarMemoryMib : 0));
  const LargeTransactionReport report =
      RunLargeTransaction(world, {(mib << 20) / kBytesOfText / 100 * 100, kBytesOfText});
  EXPECT_TRUE(report.books_are_the_table);
  EXPECT_GE(report.binlog_mib, mib);
  EXPECT_EQ(report.answered, 0);
  if (kMeasures) {
    EXPECT_LE(report.sidecar_mib, report.before_mib + kGrowthMibMax);
  }
  EXPECT_EQ(world.AskRefund("afterwards", "first", 1).verdict(), v1::VERDICT_ALLOW);
  EXPECT_TRUE(world.Violations(v1::VIOLATION_KIND_UNSPECIFIED).empty());
  EXPECT_EQ(world.StopGateAndVerify(), 0);
}

}  // namespace
}  // namespace fundgate::end_to_end
