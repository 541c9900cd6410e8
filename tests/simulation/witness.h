// Judges what the gate said to the outside by what really happened there.
#ifndef TESTS_SIMULATION_WITNESS_H_
#define TESTS_SIMULATION_WITNESS_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/core/input.h"
#include "server/core/outcome.h"
#include "server/core/state.h"
#include "tests/model/facts.h"
#include "tests/model/model.h"
#include "tests/model/terms.h"
#include "tests/simulation/database.h"

namespace fundgate::simulation {

// Knows the databases' rows with all their history, what was asked when, and what was answered. It
// knows nothing of how the gate comes to its answers: bounds of what a gate that keeps its promises
// can have known are enough to tell an answer that it must not give.
class Witness {
 public:
  Witness(const std::map<std::string, Database>& databases, model::Terms terms)
      : databases_(databases), terms_(std::move(terms)) {}

  // A record of the journal became durable. What is wrong with it, or nothing: a check whose caller
  // was told that nothing happened.
  std::optional<std::string> Recorded(Sequence sequence, absl::Time now, const core::Input& input,
                                      const core::Answer& answer);
  // The check of that name was answered with an error, which says that nothing happened.
  std::optional<std::string> Refused(const std::string& request_id);

  // Somebody sent a release of this decision.
  void ReleaseSent(const std::string& decision_id) { released_.insert(decision_id); }
  // Whatever is found about the key or the order's and account's books is true.
  void Taint(const core::KeyId& key, const core::Contribution& row);
  // It must be found of the key, once everything is known.
  void Expect(core::ViolationKind kind, const core::KeyId& key) { expected_.insert({kind, key}); }

  // A service hears the answer to what it asked at `sent_at`. What is wrong with it, or nothing:
  //   * an ALLOW for a key that was allowed before and may still move, or has moved;
  //   * an ALLOW that breaks an invariant by what must have been known;
  //   * a BLOCK for an invariant that holds by everything that may have been known.
  std::optional<std::string> Heard(const core::CheckInput& asked, absl::Time sent_at,
                                   absl::Time now, const core::Decision& decision);

  // Everything was told and proven. Books that don't equal the rows, movements that nobody asked
  // for and that are not found, and violations of those that did nothing wrong.
  std::optional<std::string> AtTheEnd(const core::MemoryState& state,
                                      const model::Model& model) const;

 private:
  struct Allow {
    Sequence sequence = 0;
    std::string decision_id;
    core::CheckInput asked;
    absl::Time at;           // true time
    absl::Time valid_until;  // by the gate's clock
    std::optional<int64_t> confirmed;
  };
  struct Bounds {
    model::Wide low = 0;
    model::Wide high = 0;
  };
  using BookBounds = std::vector<Bounds>;  // by counter

  // What the rows may have been seen to say by somebody who has seen at least what was committed by
  // `from`, and nothing after `to`.
  BookBounds RowBounds(const core::BookId& book, absl::Time from, absl::Time to) const;
  Bounds RowBounds(const core::KeyId& key, const OrderId& order, const core::BookId& book,
                   size_t counter, absl::Time from, absl::Time to) const;
  void AddRow(const Row& row, const core::BookId& book, absl::Time from, absl::Time to,
              BookBounds& bounds) const;

  bool MayHaveEnded(const Allow& allow, absl::Time now) const;
  bool HadMoved(const core::KeyId& key, absl::Time at, absl::Time now) const;
  // At least what the reservation added to what the rows tell.
  model::Wide LeastReserved(const Allow& allow, const model::Step& step, absl::Time from,
                            absl::Time to) const;

  std::optional<std::string> JudgeAllow(const core::CheckInput& asked, absl::Time sent_at,
                                        absl::Time now, const core::Decision& decision) const;
  std::optional<std::string> JudgeBlock(const core::CheckInput& asked, absl::Time sent_at,
                                        absl::Time now, const core::Decision& decision) const;
  std::optional<std::string> JudgeSecondAllow(const core::CheckInput& asked, absl::Time now,
                                              const core::Decision& decision);
  bool IsElsewhere(const Allow& allow) const;
  // Whether somebody wrote what nobody had asked for.
  bool IsTainted(const AccountId& account, const OrderId& order) const;
  std::optional<std::string> FalseViolation(const core::MemoryState& state) const;
  std::optional<std::string> MissedViolation(const core::MemoryState& state) const;
  std::optional<std::string> WrongBook(const core::MemoryState& state) const;

  void NoteAllow(Sequence sequence, absl::Time now, const core::CheckInput& check,
                 const core::Answer& answer);
  void NoteCommand(Sequence sequence, const core::Input& input,
                   const core::ReservationAnswer& answer);

  const std::map<std::string, Database>& databases_;
  const model::Terms terms_;
  absl::Time gate_time_ = absl::InfinitePast();       // of the newest record
  std::set<std::string> recorded_;                    // names of checks
  std::set<std::string> refused_;                     // likewise
  std::map<core::KeyId, std::vector<Allow>> allows_;  // as recorded, oldest first
  std::map<core::KeyId, std::map<Sequence, std::string>> heard_;
  std::set<std::string> released_;                  // a release was sent
  std::map<std::string, Sequence> released_since_;  // and done
  std::set<core::KeyId> tainted_keys_;
  std::set<core::BookId> tainted_books_;
  std::set<std::pair<core::ViolationKind, core::KeyId>> expected_;
  std::vector<model::Step> confirmed_;  // posted by confirms where no source reports
  std::set<std::string> confirmed_ids_;
};

}  // namespace fundgate::simulation

#endif  // TESTS_SIMULATION_WITNESS_H_
