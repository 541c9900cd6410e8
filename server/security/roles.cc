#include "server/security/roles.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"

namespace fundgate::security {
namespace {

constexpr RoleSet kServices = {Role::ROLE_PAYMENT_SERVICE};
constexpr RoleSet kFeeders = {Role::ROLE_SIDECAR};
constexpr RoleSet kOperators = {Role::ROLE_OPERATOR, Role::ROLE_ADMIN};
constexpr RoleSet kApprovers = {Role::ROLE_APPROVER};
constexpr RoleSet kAdmins = {Role::ROLE_ADMIN};
constexpr RoleSet kReaders = kOperators | kApprovers | RoleSet{Role::ROLE_AUDITOR};
constexpr RoleSet kAll = kServices | kFeeders | kReaders;

// An admin may not ask, confirm or approve: who sets the rules moves no money.
constexpr RpcRule kRules[] = {
    {"Gate/Check", kServices},
    {"Gate/BatchCheck", kServices},
    {"Gate/StreamChecks", kServices},
    {"Gate/Confirm", kServices},
    {"Gate/Release", kServices},
    {"Gate/GetDecision", kServices | kReaders},

    {"Ingest/Ingest", kFeeders},
    {"Ingest/GetPosition", kFeeders},

    {"Sources/ResnapshotSource", kOperators},
    {"Sources/CancelResnapshot", kOperators},

    {"Breakers/ListBreakers", kReaders},
    {"Breakers/GetBreaker", kReaders},
    {"Breakers/WatchBreakers", kReaders},
    {"Breakers/ListBreakerChanges", kReaders},
    {"Breakers/TripBreaker", kOperators},
    {"Breakers/HalfOpenBreaker", kOperators},
    {"Breakers/ResetBreaker", kOperators},

    {"Plans/ListPlans", kReaders},
    {"Plans/RunPlan", kOperators},
    {"Plans/UndoPlan", kOperators},

    {"Leases/TakeLease", kServices},
    {"Leases/ReportAllowed", kServices},

    {"Holds/ListHolds", kReaders},
    {"Holds/GetHold", kReaders},
    {"Holds/ApproveHold", kApprovers},
    {"Holds/RejectHold", kApprovers},

    {"Violations/ListViolationGroups", kReaders},
    {"Violations/ListViolationTallies", kReaders},
    {"Violations/AcknowledgeViolation", kOperators},
    {"Violations/ResolveViolation", kOperators},

    {"Policies/GetPolicy", kReaders | kFeeders},
    {"Policies/ListPolicyVersions", kReaders},
    {"Policies/ListRules", kReaders},
    {"Policies/ValidatePolicy", kReaders},
    {"Policies/TestPolicy", kReaders},
    {"Policies/DiffPolicy", kReaders},
    {"Policies/BacktestPolicy", kReaders},
    {"Policies/ApplyPolicy", kAdmins},
    {"Policies/RollbackPolicy", kAdmins},
    {"Policies/ChangeRule", kAdmins},

    {"Audit/ExportTraces", kReaders},
    {"Audit/VerifyJournal", kReaders},
    {"Audit/ReplayDecision", kReaders},
    {"Audit/GetAccount", kReaders},
    {"Audit/GetBook", kReaders},
    {"Audit/ListViolations", kReaders},
    {"Audit/GetViolation", kReaders},

    {"Alerts/ListAlerts", kReaders},

    {"Backups/CreateBackup", kAdmins},

    {"Status/GetStatus", kAll},
    {"Status/AcceptTime", kOperators},

    {"Security/ListDenials", {Role::ROLE_AUDITOR, Role::ROLE_ADMIN}},
};

// Who sees in the answers of a call what the policy names sensitive.
RoleSet SeersOf(std::string_view rpc) {
  constexpr RoleSet kAlways = {Role::ROLE_AUDITOR};
  const bool is_asking = rpc.starts_with("Gate/") || rpc.starts_with("Leases/");
  return is_asking ? kAlways | kServices : kAlways;
}

}  // namespace

std::string NamesOf(RoleSet roles) {
  std::vector<std::string> names;
  for (int number = access::v1::Role_MIN; number <= access::v1::Role_MAX; ++number) {
    if (!access::v1::Role_IsValid(number) || !roles.Has(static_cast<Role>(number))) continue;
    constexpr size_t kPrefix = sizeof("ROLE_") - 1;
    names.push_back(
        absl::AsciiStrToLower(access::v1::Role_Name(static_cast<Role>(number)).substr(kPrefix)));
  }
  return absl::StrJoin(names, " or ");
}

std::span<const RpcRule> RpcRules() { return kRules; }

const RpcRule* FindRpc(std::string_view rpc) {
  for (const RpcRule& rule : kRules) {
    if (rule.rpc == rpc) return &rule;
  }
  return nullptr;
}

bool SeesSensitive(std::string_view rpc, RoleSet roles) { return roles.Meets(SeersOf(rpc)); }

bool AllSeeSensitive(const RpcRule& rule) { return rule.roles.IsWithin(SeersOf(rule.rpc)); }

}  // namespace fundgate::security
