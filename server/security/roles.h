// Which role may make which call: the one table.
#ifndef SERVER_SECURITY_ROLES_H_
#define SERVER_SECURITY_ROLES_H_

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "fundgate/access/v1/access.pb.h"

namespace fundgate::security {

using access::v1::Role;

// Some roles.
class RoleSet {
 public:
  constexpr RoleSet() = default;
  constexpr RoleSet(std::initializer_list<Role> roles) {
    for (const Role role : roles) Add(role);
  }

  constexpr void Add(Role role) { bits_ |= uint32_t{1} << static_cast<unsigned>(role); }
  constexpr bool Has(Role role) const {
    return (bits_ & (uint32_t{1} << static_cast<unsigned>(role))) != 0;
  }
  constexpr bool IsWithin(RoleSet other) const { return (bits_ & ~other.bits_) == 0; }
  constexpr bool Meets(RoleSet other) const { return (bits_ & other.bits_) != 0; }
  constexpr RoleSet operator|(RoleSet other) const {
    RoleSet both = *this;
    both.bits_ |= other.bits_;
    return both;
  }

 private:
  uint32_t bits_ = 0;
};

// "operator", "operator or approver": for messages.
std::string NamesOf(RoleSet roles);

struct RpcRule {
  std::string_view rpc;  // "Holds/ApproveHold", of package fundgate.v1
  RoleSet roles;         // any of them may call it
};

// All calls, by service. docs/security.md shows the same table.
std::span<const RpcRule> RpcRules();

// Null for a call that isn't in the table: nobody may make it.
const RpcRule* FindRpc(std::string_view rpc);

// Whether a caller of these roles sees in the answers of this call what the policy names sensitive.
// Auditors do, and payment services where they ask: they knew it before the gate did. Everybody
// else sees masks.
bool SeesSensitive(std::string_view rpc, RoleSet roles);

// Whether whoever may make the call sees it.
bool AllSeeSensitive(const RpcRule& rule);

}  // namespace fundgate::security

#endif  // SERVER_SECURITY_ROLES_H_
