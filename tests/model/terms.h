// What differs between the policies under test: the numbers and verdicts that a policy's author
// chooses. Books, movements and invariants are the same in all of them.
#ifndef TESTS_MODEL_TERMS_H_
#define TESTS_MODEL_TERMS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/core/records.h"
#include "tests/model/facts.h"

namespace fundgate::model {

// Read by the model and, apart from it, by who writes the machine's policy.
struct Terms {
  // What most tests take.
  Terms();
  // Those of a seed, each within what a policy may say.
  static Terms Of(uint64_t seed);

  // Null for kinds that have none.
  const CheckpointFacts* FindCheckpoint(const std::string& kind) const;
  core::Verdict Otherwise(const std::string& invariant) const;

  std::vector<CheckpointFacts> checkpoints;
  // What may be allowed by checkpoints that allow without knowing.
  int64_t blind_calls = 2;
  int64_t blind_amount = 100;
  absl::Duration approval_lasts = absl::Minutes(10);

  std::map<std::string, core::Verdict> otherwise;  // of invariants that don't block
  bool invariants_react = true;                    // by breakers, where they are broken already
  core::OnEvent on_duplicate = core::OnEvent::kTrip;
  core::OnEvent on_unit_mismatch = core::OnEvent::kFreeze;

  int64_t channel_burst = 1;  // more refunds of a channel are a burst
  bool channel_burst_counts = false;
  int64_t many_refunds = 5;   // of an account
  int64_t large_refund = 50;  // in fen
  bool many_refunds_counts = true;
  int64_t order_settled = 20;          // more fen of an order are too much
  bool order_settled_for_all = false;  // else for half of all accounts
  int64_t large_payment = 150;         // in fen
};

}  // namespace fundgate::model

#endif  // TESTS_MODEL_TERMS_H_
