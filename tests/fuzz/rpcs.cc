// The list of all RPCs, and how each is called.
#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "fundgate/v1/backups.pb.h"
#include "tests/fuzz/fuzzer.h"
#include "tests/fuzz/whole_gate.h"
#include "tests/fuzz/whole_gate_parts.h"

namespace fundgate::fuzz {
namespace {

using Parts = WholeGate::Parts;
using grpc::CallbackServerContext;

// `service` is a member of Parts, the handler one of the service's class.
template <typename Service, typename Request, typename Response>
Rpc Make(const char* name, Service Parts::*service,
         grpc::ServerUnaryReactor* (Service::*handler)(CallbackServerContext*, const Request*,
                                                       Response*)) {
  return {name, &Request::default_instance(), false, false,
          [=](WholeGate& gate, const Messages& requests) -> std::unique_ptr<Call> {
            return std::make_unique<UnaryCall<Service, Request, Response>>(
                gate.parts().*service, handler, static_cast<const Request&>(*requests.front()));
          }};
}

template <typename Service, typename Request, typename Response>
Rpc Make(const char* name, Service Parts::*service,
         grpc::ServerWriteReactor<Response>* (Service::*handler)(CallbackServerContext*,
                                                                 const Request*)) {
  return {name, &Request::default_instance(), false, true,
          [=](WholeGate& gate, const Messages& requests) -> std::unique_ptr<Call> {
            return std::make_unique<WriteStreamCall<Service, Request, Response>>(
                gate.parts().*service, handler, static_cast<const Request&>(*requests.front()));
          }};
}

template <typename Service, typename Request, typename Response>
Rpc Make(const char* name, Service Parts::*service,
         grpc::ServerBidiReactor<Request, Response>* (Service::*handler)(CallbackServerContext*)) {
  return {name, &Request::default_instance(), true, false,
          [=](WholeGate& gate, const Messages& requests) -> std::unique_ptr<Call> {
            return std::make_unique<BidiStreamCall<Service, Request, Response>>(
                gate.parts().*service, handler, requests);
          }};
}

std::vector<Rpc> AllRpcs() {
  using namespace gate;  // NOLINT(google-build-using-namespace)
  return {
      Make("Gate/Check", &Parts::gate_service, &GateService::Check),
      Make("Gate/BatchCheck", &Parts::gate_service, &GateService::BatchCheck),
      Make("Gate/StreamChecks", &Parts::gate_service, &GateService::StreamChecks),
      Make("Gate/Confirm", &Parts::gate_service, &GateService::Confirm),
      Make("Gate/Release", &Parts::gate_service, &GateService::Release),
      Make("Gate/GetDecision", &Parts::gate_service, &GateService::GetDecision),
      Make("Ingest/Ingest", &Parts::ingest, &IngestService::Ingest),
      Make("Ingest/GetPosition", &Parts::ingest, &IngestService::GetPosition),
      Make("Breakers/ListBreakers", &Parts::breakers, &BreakersService::ListBreakers),
      Make("Breakers/GetBreaker", &Parts::breakers, &BreakersService::GetBreaker),
      Make("Breakers/TripBreaker", &Parts::breakers, &BreakersService::TripBreaker),
      Make("Breakers/HalfOpenBreaker", &Parts::breakers, &BreakersService::HalfOpenBreaker),
      Make("Breakers/ResetBreaker", &Parts::breakers, &BreakersService::ResetBreaker),
      Make("Breakers/WatchBreakers", &Parts::breakers, &BreakersService::WatchBreakers),
      Make("Breakers/ListBreakerChanges", &Parts::breakers, &BreakersService::ListBreakerChanges),
      Make("Holds/ListHolds", &Parts::holds, &HoldsService::ListHolds),
      Make("Holds/GetHold", &Parts::holds, &HoldsService::GetHold),
      Make("Holds/ApproveHold", &Parts::holds, &HoldsService::ApproveHold),
      Make("Holds/RejectHold", &Parts::holds, &HoldsService::RejectHold),
      Make("Leases/TakeLease", &Parts::leases, &LeasesService::TakeLease),
      Make("Leases/ReportAllowed", &Parts::leases, &LeasesService::ReportAllowed),
      Make("Plans/ListPlans", &Parts::plans, &PlansService::ListPlans),
      Make("Plans/RunPlan", &Parts::plans, &PlansService::RunPlan),
      Make("Plans/UndoPlan", &Parts::plans, &PlansService::UndoPlan),
      Make("Sources/ResnapshotSource", &Parts::sources, &SourcesService::ResnapshotSource),
      Make("Sources/CancelResnapshot", &Parts::sources, &SourcesService::CancelResnapshot),
      Make("Policies/ValidatePolicy", &Parts::policies, &PoliciesService::ValidatePolicy),
      Make("Policies/TestPolicy", &Parts::policies, &PoliciesService::TestPolicy),
      Make("Policies/ApplyPolicy", &Parts::policies, &PoliciesService::ApplyPolicy),
      Make("Policies/GetPolicy", &Parts::policies, &PoliciesService::GetPolicy),
      Make("Policies/ListPolicyVersions", &Parts::policies, &PoliciesService::ListPolicyVersions),
      Make("Policies/RollbackPolicy", &Parts::policies, &PoliciesService::RollbackPolicy),
      Make("Policies/DiffPolicy", &Parts::policies, &PoliciesService::DiffPolicy),
      Make("Policies/BacktestPolicy", &Parts::policies, &PoliciesService::BacktestPolicy),
      Make("Policies/ListRules", &Parts::policies, &PoliciesService::ListRules),
      Make("Policies/ChangeRule", &Parts::policies, &PoliciesService::ChangeRule),
      Make("Audit/ExportTraces", &Parts::audit, &AuditService::ExportTraces),
      Make("Audit/VerifyJournal", &Parts::audit, &AuditService::VerifyJournal),
      Make("Audit/ReplayDecision", &Parts::audit, &AuditService::ReplayDecision),
      Make("Audit/GetAccount", &Parts::audit, &AuditService::GetAccount),
      Make("Audit/GetBook", &Parts::audit, &AuditService::GetBook),
      Make("Audit/ListViolations", &Parts::audit, &AuditService::ListViolations),
      Make("Audit/GetViolation", &Parts::audit, &AuditService::GetViolation),
      Make("Violations/AcknowledgeViolation", &Parts::violations,
           &ViolationsService::AcknowledgeViolation),
      Make("Violations/ResolveViolation", &Parts::violations, &ViolationsService::ResolveViolation),
      Make("Violations/ListViolationGroups", &Parts::violations,
           &ViolationsService::ListViolationGroups),
      Make("Violations/ListViolationTallies", &Parts::violations,
           &ViolationsService::ListViolationTallies),
      Make("Alerts/ListAlerts", &Parts::alerts, &AlertsService::ListAlerts),
      Make("Security/ListDenials", &Parts::security_service, &SecurityService::ListDenials),
      Make("Status/GetStatus", &Parts::status, &StatusService::GetStatus),
      Make("Status/AcceptTime", &Parts::status, &StatusService::AcceptTime),
  };
}

// Writes files beside the store, and its request has no fields.
constexpr std::string_view kLeftOut = "Backups/CreateBackup";

// Ends the process if the contract has an RPC that isn't in the list.
void ExpectAllOfContract(const std::vector<Rpc>& rpcs) {
  // Nothing else here asks for the file of the one that is left out, and a linker may drop it.
  google::protobuf::LinkMessageReflection<v1::CreateBackupRequest>();
  for (const char* service :
       {"Gate", "Ingest", "Breakers", "Holds", "Leases", "Plans", "Sources", "Policies", "Audit",
        "Violations", "Alerts", "Security", "Status", "Backups"}) {
    const google::protobuf::ServiceDescriptor* descriptor =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
            absl::StrCat("fundgate.v1.", service));
    Expect(descriptor != nullptr, "the contract's services are known");
    for (int i = 0; i < descriptor->method_count(); ++i) {
      const std::string name = absl::StrCat(service, "/", descriptor->method(i)->name());
      const bool is_listed =
          std::any_of(rpcs.begin(), rpcs.end(), [&](const Rpc& rpc) { return rpc.name == name; });
      if (!is_listed && name != kLeftOut) std::cerr << name << " is called by no fuzzer\n";
      Expect(is_listed || name == kLeftOut, "every RPC of the contract is called");
    }
  }
}

}  // namespace

const std::vector<Rpc>& Rpcs() {
  static const auto& rpcs = *new std::vector<Rpc>([] {
    std::vector<Rpc> all = AllRpcs();
    ExpectAllOfContract(all);
    return all;
  }());
  return rpcs;
}

const Rpc& FindRpc(std::string_view name) {
  const auto found = std::find_if(Rpcs().begin(), Rpcs().end(),
                                  [name](const Rpc& rpc) { return rpc.name == name; });
  Expect(found != Rpcs().end(), "there is such an RPC");
  return *found;
}

}  // namespace fundgate::fuzz
