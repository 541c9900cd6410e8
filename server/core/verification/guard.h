// Guards: columns of a table that only some may change.
#ifndef SERVER_CORE_VERIFICATION_GUARD_H_
#define SERVER_CORE_VERIFICATION_GUARD_H_

#include <string>
#include <utility>
#include <vector>

#include "server/core/verification/check.h"
#include "server/core/verification/watching.h"
#include "server/expression/program.h"

namespace fundgate::core {

// A forbidden change is known again for this long, should it be delivered twice.
inline constexpr absl::Duration kGuardMemory = absl::Hours(24);

struct GuardDefinition {
  // What a slot of `allow` is.
  struct Slot {
    enum class Kind { kEvent, kColumns, kGated } kind = Kind::kEvent;
    EventField field;  // of kEvent: origin, statement, change
  };

  std::string table;
  expression::Program allow;
  std::string text;  // of `allow`, for messages
  std::vector<Slot> slots;
  std::vector<MovementKind> movements;  // of `gated`
};

// Judged at once: nothing on its way could turn it. A condition that fails allows nothing.
class Guard final : public EventCheck {
 public:
  Guard(Declaration declaration, GuardDefinition definition)
      : EventCheck(std::move(declaration)), definition_(std::move(definition)) {}

  void See(Draft& draft, const SeenEvent& seen) const override;
  void Judge(Draft& draft, const WatchId& id, Watch& watch) const override;

 private:
  // The movement under the change's key that the gate has allowed, or null.
  const MovementKind* AllowedMovement(Draft& draft, const GuardEvent& change) const;
  bool IsAllowed(Draft& draft, const SeenEvent& seen, const GuardEvent& change) const;
  bool WasSaid(Draft& draft, const SeenEvent& seen, const GuardEvent& change) const;
  Violation Forbidden(const Draft& draft, const SeenEvent& seen, const GuardEvent& change) const;

  const GuardDefinition definition_;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_VERIFICATION_GUARD_H_
