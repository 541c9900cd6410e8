// A state in memory that finds records by hash, as the gate finds those that it keeps: what
// core::MemoryState does in order costs more than the machine that is measured.
#ifndef TESTS_BENCH_HASHED_STATE_H_
#define TESTS_BENCH_HASHED_STATE_H_

#include "absl/container/flat_hash_map.h"
#include "server/core/state.h"

namespace fundgate::bench {

class HashedState final : public core::StateReader {
 public:
  const core::Resident& resident() const override { return resident_; }
  absl::Status status() const override { return absl::OkStatus(); }

  void Absorb(const core::Changes& changes);

 private:
  template <typename Kind>
  using Table = absl::flat_hash_map<typename Kind::Id, typename Kind::Record>;

  void Answer(const core::AnyLookup& lookup) const override;
  void Answer(const core::AnyDueLookup& lookup) const override;
  void Answer(const core::KeysLookup& lookup) const override;

  core::Resident resident_;
  core::KindTables<Table, core::StoredKinds> tables_;
};

}  // namespace fundgate::bench

#endif  // TESTS_BENCH_HASHED_STATE_H_
