// The options by which confirm, release and decision name a movement.
#ifndef CLIENT_FUNDCTL_MOVEMENT_KEY_H_
#define CLIENT_FUNDCTL_MOVEMENT_KEY_H_

#include <string>

#include "CLI/CLI.hpp"

namespace fundgate::fundctl {

struct MovementKey {
  std::string checkpoint;
  std::string key;
  std::string account;
  std::string decision;

  void AddTo(CLI::App& verb, bool required) {
    CLI::Option* where = verb.add_option("checkpoint", checkpoint, "refund, settlement ...");
    CLI::Option* name = verb.add_option("--key", key, "Idempotency key of the movement");
    CLI::Option* owner = verb.add_option("--account", account, "Account of the movement");
    verb.add_option("--decision", decision, "Decision id, as the check answered it");
    where->required(required);
    name->required(required);
    owner->required(required);
  }

  template <typename Request>
  void FillIn(Request& request) const {
    request.set_checkpoint(checkpoint);
    request.set_idempotency_key(key);
    request.set_account_id(account);
    request.set_decision_id(decision);
  }
};

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_MOVEMENT_KEY_H_
