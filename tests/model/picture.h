// What machine and model are compared by: the answer to one input, and the state after it, both
// reduced to plain values that either side can fill in.
#ifndef TESTS_MODEL_PICTURE_H_
#define TESTS_MODEL_PICTURE_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/core/records.h"
#include "tests/model/facts.h"

namespace fundgate::model {

enum class AnswerSort {
  kDecision,
  kWait,
  kReservation,
  kEpoch,
  kIngest,
  kBreaker,
  kPolicy,
  kDone,
  kRefusal
};

// The answer to one input. Fields that its sort does not use keep their defaults.
struct AnswerPicture {
  AnswerSort sort = AnswerSort::kDone;
  bool recorded = true;
  // Decision.
  core::Verdict verdict = core::Verdict::kAllow;
  std::set<std::string> reasons;  // "INVARIANT escrow_covers BLOCK"
  std::set<std::string> shadow;   // likewise, of rules that don't count
  bool replayed = false;
  std::string decision_id;
  std::optional<absl::Time> valid_until;
  // Wait.
  std::set<std::string> wait_sources;
  absl::Time wait_until;
  // Reservation.
  core::ReservationState reservation = core::ReservationState::kPending;
  int64_t amount = 0;
  // The rest.
  uint64_t number = 0;  // epoch, position's number, or policy version
  core::BreakerState breaker = core::BreakerState::kClosed;
  absl::StatusCode code = absl::StatusCode::kOk;
  std::multiset<std::string> violations;  // "after_release refund/k1 m1 o1"

  friend bool operator==(const AnswerPicture&, const AnswerPicture&) = default;
};

struct ReservationPicture {
  core::ReservationState state = core::ReservationState::kPending;
  int64_t amount = 0;
  bool overdue = false;
  bool open = false;  // something is still counted as pending

  friend bool operator==(const ReservationPicture&, const ReservationPicture&) = default;
};

struct KeyPicture {
  core::KeyState state = core::KeyState::kSeen;
  uint32_t generation = 0;
  bool moved = false;
  bool bound = false;
  std::optional<ReservationPicture> reservation;

  friend bool operator==(const KeyPicture&, const KeyPicture&) = default;
};

struct BreakerPicture {
  core::BreakerState state = core::BreakerState::kClosed;
  core::Verdict mode = core::Verdict::kHold;
  int64_t calls_left = 0;  // while HALF_OPEN
  int64_t money_left = 0;

  friend bool operator==(const BreakerPicture&, const BreakerPicture&) = default;
};

struct SourcePicture {
  uint64_t epoch = 0;
  uint64_t position = 0;
  absl::Time proven_past = absl::InfinitePast();

  friend bool operator==(const SourcePicture&, const SourcePicture&) = default;
};

struct Numbers {
  Wide posted = 0;
  Wide up = 0;
  Wide down = 0;

  friend bool operator==(const Numbers&, const Numbers&) = default;
};
using BookPicture = std::array<Numbers, 4>;

struct RulePicture {
  int64_t hits = 0;
  int64_t shadow_hits = 0;
  int64_t errors = 0;
  int64_t suppressed = 0;
  uint64_t since = 0;  // the policy that brought it

  friend bool operator==(const RulePicture&, const RulePicture&) = default;
};

// The whole state, as far as anybody can tell it from outside. Books that are all zero are left
// out: whether they are remembered is nobody's business. So are suspects: what becomes of them
// shows in the violations.
struct StatePicture {
  std::map<core::BookId, BookPicture> books;
  std::map<core::KeyId, KeyPicture> keys;
  std::map<std::string, BreakerPicture> breakers;
  std::map<std::string, SourcePicture> sources;
  std::set<std::string> gaps;  // "refund m1 o1"
  std::map<std::string, RulePicture> rules;
  bool drifted = false;

  friend bool operator==(const StatePicture&, const StatePicture&) = default;
};

// The number at the end of a position of the test: "0-1-42" and "till:42" are 42, "" is 0.
uint64_t NumberOf(const Position& position);

std::string ReasonText(core::ReasonCode code, const std::string& name, core::Verdict verdict);
std::string ViolationText(core::ViolationKind kind, const std::string& name, const core::KeyId& key,
                          const AccountId& account, const OrderId& order);

}  // namespace fundgate::model

#endif  // TESTS_MODEL_PICTURE_H_
