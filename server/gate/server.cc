#include "server/gate/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <atomic>
#include <chrono>
#include <future>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "connection/host_port.h"
#include "fundgate/types/status_macros.h"
#include "server/gate/access.h"
#include "server/gate/alerts_service.h"
#include "server/gate/audit_service.h"
#include "server/gate/backend.h"
#include "server/gate/backups_service.h"
#include "server/gate/breakers_service.h"
#include "server/gate/decision_log.h"
#include "server/gate/gate_metrics.h"
#include "server/gate/gate_service.h"
#include "server/gate/holds_service.h"
#include "server/gate/ingest_service.h"
#include "server/gate/leases_service.h"
#include "server/gate/listener.h"
#include "server/gate/listener_credentials.h"
#include "server/gate/meters.h"
#include "server/gate/overload.h"
#include "server/gate/plans_service.h"
#include "server/gate/policies_service.h"
#include "server/gate/policy_documents.h"
#include "server/gate/readiness.h"
#include "server/gate/restoration.h"
#include "server/gate/security_service.h"
#include "server/gate/sources_service.h"
#include "server/gate/status_service.h"
#include "server/gate/stream.h"
#include "server/gate/violations_service.h"
#include "server/policy/problem.h"
#include "server/security/security_log.h"

namespace fundgate::gate {
namespace {

// Keeps connections that wait silently through firewalls, and finds dead ones.
constexpr int kKeepalivePeriodMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
constexpr int kMinClientPingMs = 10'000;
// A connection that doesn't end its handshake by then is closed.
constexpr int kHandshakeTimeoutMs = 10'000;
// So is one that nobody has made a call by for so long: whoever needs it connects again.
constexpr int kIdleMs = 15 * 60'000;

constexpr const char* kServices[] = {"",
                                     "fundgate.v1.Gate",
                                     "fundgate.v1.Breakers",
                                     "fundgate.v1.Plans",
                                     "fundgate.v1.Leases",
                                     "fundgate.v1.Holds",
                                     "fundgate.v1.Policies",
                                     "fundgate.v1.Ingest",
                                     "fundgate.v1.Sources",
                                     "fundgate.v1.Audit",
                                     "fundgate.v1.Violations",
                                     "fundgate.v1.Alerts",
                                     "fundgate.v1.Security",
                                     "fundgate.v1.Backups",
                                     "fundgate.v1.Status"};

// Names of health that are no services: the gate's readiness, and with ".CHECKPOINT" that of one.
constexpr char kReady[] = "fundgate.ready";

// The services that work without a policy: how else would there ever be one?
bool NeedsPolicy(std::string_view service) {
  return service.empty() || service == "fundgate.v1.Gate" || service == "fundgate.v1.Ingest";
}

absl::Duration SteadyNow() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

class GrpcServer final : public Server {
 public:
  GrpcServer(const ServerSettings& settings, connection::HostPort listen, logging::Log log)
      : settings_(settings),
        listen_(std::move(listen)),
        log_(std::move(log)),
        overload_(log_, SteadyNow, settings.max_check_streams) {}

  ~GrpcServer() override { Shutdown(); }

  absl::Status Begin();

  std::string address() const override { return absl::StrCat(listen_.host, ":", port()); }
  int port() const override { return listener_->port(); }
  uint64_t policy_version() const override { return store_->view()->resident().policy_version; }
  OutboxAccess& outbox() override { return *outbox_; }
  const store::Store& store() const override { return *store_; }
  const Masking& masking() const override { return *masking_; }
  Sequence sequence() const override { return store_->view()->resident().clock.sequence; }
  sequencer::Statistics statistics() const override { return sequencer_->statistics(); }
  absl::StatusOr<store::CutReport> CutJournal(absl::Duration keep,
                                              store::CutOptions options) override;
  std::vector<metrics::Family> ReadMetrics() const override { return ReadGateMetrics(*backend_); }
  void Shutdown() override;

 private:
  absl::Status Recover();
  absl::Status ApplyFirstPolicy();
  absl::Status HoldIfRestored();
  absl::Status KnowCallers();
  absl::Status Listen();
  void Observe(Sequence sequence, const core::Input& input, const core::Outcome& outcome);
  void LookAtReadiness();
  void TellHealth();
  void AskAbout(const core::Changes& changes);

  // Constant after construction.
  const ServerSettings settings_;
  const connection::HostPort listen_;
  const logging::Log log_;

  // Each stands on those before it, and so goes before them.
  OpenStreams streams_;
  ProbeHub probes_;
  Meters meters_;
  Overload overload_;
  Readiness readiness_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<sequencer::InputClock> clock_;
  std::unique_ptr<sequencer::Sequencer> sequencer_;
  std::unique_ptr<Workers> workers_;
  std::atomic<bool> draining_ = false;
  std::shared_ptr<security::SecurityLog> denials_;  // shared with the credentials
  std::unique_ptr<Access> access_;
  std::shared_ptr<grpc::ServerCredentials> credentials_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Masking> masking_;
  std::unique_ptr<DecisionLog> decision_log_;  // null: they are not written
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<GateService> gate_;
  std::unique_ptr<BreakersService> breakers_;
  std::unique_ptr<PlansService> plans_;
  std::unique_ptr<LeasesService> leases_;
  std::unique_ptr<IngestService> ingest_;
  std::unique_ptr<SourcesService> sources_;
  std::unique_ptr<StatusService> status_;
  std::unique_ptr<PoliciesService> policies_;
  std::unique_ptr<AuditService> audit_;
  std::unique_ptr<HoldsService> holds_;
  std::unique_ptr<ViolationsService> violations_;
  std::unique_ptr<OutboxAccess> outbox_;
  std::unique_ptr<AlertsService> alerts_;
  std::unique_ptr<SecurityService> security_;
  std::unique_ptr<BackupsService> backups_;
  std::unique_ptr<grpc::Server> grpc_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<Restoration> restoration_;
  sequencer::Mutex health_mutex_;
  std::atomic<bool> listening_ = false;
  uint64_t observer_ = 0;
};

absl::Status GrpcServer::Begin() {
  FUNDGATE_RETURN_IF_ERROR(KnowCallers());
  FUNDGATE_RETURN_IF_ERROR(Recover());
  if (settings_.inspect) FUNDGATE_RETURN_IF_ERROR(settings_.inspect(*store_->view()));
  FUNDGATE_RETURN_IF_ERROR(ApplyFirstPolicy());
  FUNDGATE_RETURN_IF_ERROR(HoldIfRestored());
  return Listen();
}

absl::Status GrpcServer::KnowCallers() {
  const security::Settings& settings = settings_.security;
  denials_ = std::make_shared<security::SecurityLog>(
      log_, security::SecurityLog::Clocks{absl::Now, SteadyNow});
  std::unique_ptr<Access::Callers> callers;
  if (!settings.access_file.empty()) {
    FUNDGATE_ASSIGN_OR_RETURN(
        callers,
        Access::Callers::Open(settings.access_file, security::AccessList::Read, log_, SteadyNow));
  }
  access_ = std::make_unique<Access>(std::move(callers), *denials_, meters_, SteadyNow);
  FUNDGATE_ASSIGN_OR_RETURN(credentials_, ListenerCredentials(settings, denials_, log_, SteadyNow));
  return absl::OkStatus();
}

absl::Status GrpcServer::Recover() {
  store::Options options;
  options.directory = settings_.data_directory;
  options.compile_policy = CompilePolicy;
  options.durability = settings_.durability;
  options.accepts_lost_tail = !settings_.restored.empty();
  options.ShareMemory(settings_.store_memory_bytes);
  FUNDGATE_ASSIGN_OR_RETURN(store_, store::Store::Open(options));
  FUNDGATE_ASSIGN_OR_RETURN(security::MaskKey key, security::MaskKey::Keep(absl::StrCat(
                                                       settings_.data_directory, "/masking.key")));
  masking_ = std::make_unique<Masking>(*store_, std::move(key));
  FUNDGATE_RETURN_IF_ERROR(meters_.reservations.Load(store_->view()));
  clock_ = std::make_unique<sequencer::InputClock>(settings_.time,
                                                   store_->view()->resident().clock.time);
  FUNDGATE_ASSIGN_OR_RETURN(
      sequencer_, sequencer::Sequencer::Start(settings_.sequencer, *store_, *clock_,
                                              [this](const std::vector<SourceName>& sources) {
                                                probes_.Request(sources);
                                              }));
  if (policy_version() > 0) {
    FUNDGATE_ASSIGN_OR_RETURN(const core::PolicyRecord policy,
                              store_->view()->GetPolicy(policy_version()));
    overload_.priorities.Read(policy.text);
  }
  workers_ = std::make_unique<Workers>(settings_.worker_threads, settings_.worker_queue);
  if (settings_.logs_decisions) {
    decision_log_ = std::make_unique<DecisionLog>(
        log_, DecisionLog::Surroundings{
                  SteadyNow, [this](const std::string& name) { return masking_->MaskText(name); },
                  [this](std::function<void()> job) { return workers_->Submit(std::move(job)); }});
  }
  // The first input comes a tick later at the earliest.
  observer_ = sequencer_->AddObserver(
      [this](Sequence sequence, const core::Input& input, const core::Outcome& outcome) {
        Observe(sequence, input, outcome);
      });
  log_.Info("recovered", {{"data", settings_.data_directory},
                          {"policy_version", absl::StrCat(policy_version())},
                          {"sequence", absl::StrCat(sequence())}});
  return absl::OkStatus();
}

absl::Status GrpcServer::ApplyFirstPolicy() {
  if (settings_.first_policy.empty()) return absl::OkStatus();
  if (policy_version() > 0) {
    log_.Info(
        "a policy is in force, so the file was not applied; use `fundctl policy apply`",
        {{"policy_version", absl::StrCat(policy_version())}, {"file", settings_.policy_file}});
    return absl::OkStatus();
  }
  PreparedPolicy prepared = PreparePolicy(settings_.first_policy, settings_.policy_file);
  if (!prepared.problems.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the policy can't be applied:\n", policy::Render(prepared.problems)));
  }
  if (!prepared.failure.ok()) return absl::InvalidArgumentError(prepared.failure.message());
  prepared.input.actor = "fundgated";
  prepared.input.comment = absl::StrCat("first policy, from ", settings_.policy_file);
  prepared.input.expected_version = 0;
  core::Input input;
  input.body = std::move(prepared.input);
  std::promise<absl::StatusOr<core::Answer>> promise;
  FUNDGATE_RETURN_IF_ERROR(sequencer_->Submit(
      std::move(input), std::nullopt,
      [&promise](absl::StatusOr<core::Answer> answer) { promise.set_value(std::move(answer)); }));
  FUNDGATE_ASSIGN_OR_RETURN(const core::Answer answer, promise.get_future().get());
  if (const auto* refusal = std::get_if<core::Refusal>(&answer)) return refusal->status;
  log_.Info("applied the first policy",
            {{"file", settings_.policy_file}, {"policy_version", absl::StrCat(policy_version())}});
  return absl::OkStatus();
}

absl::Status GrpcServer::HoldIfRestored() {
  FUNDGATE_ASSIGN_OR_RETURN(restoration_, Restoration::Begin({settings_.data_directory, *store_,
                                                              *sequencer_, readiness_, log_,
                                                              [this] {
                                                                if (listening_) TellHealth();
                                                              }},
                                                             settings_.restored));
  return absl::OkStatus();
}

absl::Status GrpcServer::Listen() {
  FUNDGATE_ASSIGN_OR_RETURN(listener_, Listener::Open(listen_, log_, SteadyNow));
  backend_ = std::make_unique<Backend>(
      Backend{*store_, *sequencer_, *clock_, probes_, *workers_, streams_, meters_, readiness_,
              draining_, sequencer_->Now(), *access_, *denials_, overload_, *listener_, *masking_});
  gate_ = std::make_unique<GateService>(*backend_);
  breakers_ = std::make_unique<BreakersService>(*backend_);
  plans_ = std::make_unique<PlansService>(*backend_);
  leases_ = std::make_unique<LeasesService>(*backend_);
  ingest_ = std::make_unique<IngestService>(*backend_);
  sources_ = std::make_unique<SourcesService>(*backend_);
  status_ = std::make_unique<StatusService>(*backend_);
  policies_ = std::make_unique<PoliciesService>(*backend_);
  audit_ = std::make_unique<AuditService>(*backend_);
  holds_ = std::make_unique<HoldsService>(*backend_);
  violations_ = std::make_unique<ViolationsService>(*backend_);
  outbox_ = std::make_unique<OutboxAccess>(*store_, *sequencer_, *masking_);
  alerts_ = std::make_unique<AlertsService>(*backend_, *outbox_);
  security_ = std::make_unique<SecurityService>(*backend_);
  backups_ = std::make_unique<BackupsService>(*backend_, settings_.data_directory);

  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, credentials_);
  for (grpc::Service* service :
       {static_cast<grpc::Service*>(gate_.get()), static_cast<grpc::Service*>(breakers_.get()),
        static_cast<grpc::Service*>(plans_.get()), static_cast<grpc::Service*>(leases_.get()),
        static_cast<grpc::Service*>(ingest_.get()), static_cast<grpc::Service*>(sources_.get()),
        static_cast<grpc::Service*>(status_.get()), static_cast<grpc::Service*>(policies_.get()),
        static_cast<grpc::Service*>(audit_.get()), static_cast<grpc::Service*>(holds_.get()),
        static_cast<grpc::Service*>(violations_.get()), static_cast<grpc::Service*>(alerts_.get()),
        static_cast<grpc::Service*>(security_.get()),
        static_cast<grpc::Service*>(backups_.get())}) {
    builder.RegisterService(service);
  }
  builder.SetMaxReceiveMessageSize(static_cast<int>(settings_.max_message_bytes));
  builder.SetMaxSendMessageSize(-1);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, settings_.max_streams_per_connection);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepalivePeriodMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kMinClientPingMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMs);
  grpc::ResourceQuota quota("fundgate");
  quota.Resize(settings_.max_grpc_bytes);
  builder.SetResourceQuota(quota);
  builder.experimental().SetInterceptorCreators(MaskingInterceptors(*masking_, *access_));
  grpc_ = builder.BuildAndStart();
  if (grpc_ == nullptr) return absl::InternalError("gRPC doesn't start; its log says why");
  listener_->Start([this](int listener, int connection) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
    parameters.listener_fd = listener;
    parameters.fd = connection;
    acceptor_->HandleNewConnection(&parameters);
  });
  listening_ = true;
  LookAtReadiness();
  TellHealth();
  return absl::OkStatus();
}

absl::StatusOr<store::CutReport> GrpcServer::CutJournal(absl::Duration keep,
                                                        store::CutOptions options) {
  if (store_->view()->resident().clock.drifted) {
    return absl::FailedPreconditionError(
        "how old records are can't be told until an operator accepts the time");
  }
  options.now = sequencer_->Now();
  options.before = options.now - keep;
  return store_->CutJournal(options);
}

void GrpcServer::Observe(Sequence sequence, const core::Input& input,
                         const core::Outcome& outcome) {
  const std::shared_ptr<const core::Policy> policy =
      outcome.changes.of<core::Violations>().empty() ? nullptr : store_->view()->resident().policy;
  meters_.Recorded(sequence, outcome, policy.get());
  if (decision_log_ != nullptr) decision_log_->Recorded(input, outcome);
  if (outcome.changes.policy_record.has_value()) {
    readiness_.PolicyChanged();
    overload_.priorities.Read(outcome.changes.policy_record->text);
  }
  if (!listening_) return;
  if (outcome.changes.policy_record.has_value()) {
    LookAtReadiness();
    TellHealth();
  } else if (std::holds_alternative<core::IngestInput>(input.body)) {
    LookAtReadiness();
  }
  if (!outcome.changes.of<core::Suspects>().empty()) AskAbout(outcome.changes);
}

void GrpcServer::LookAtReadiness() {
  if (readiness_.complete()) return;
  if (readiness_.Look(store_->view()->resident(), sequencer_->Now())) TellHealth();
}

void GrpcServer::TellHealth() {
  // Under a lock: what was found out later must not be told earlier.
  const sequencer::MutexLock lock(health_mutex_);
  const bool has_policy = policy_version() > 0;
  grpc::HealthCheckServiceInterface* health = grpc_->GetHealthCheckService();
  for (const char* service : kServices) {
    health->SetServingStatus(service, !draining_ && (has_policy || !NeedsPolicy(service)));
  }
  health->SetServingStatus(kReady, !draining_ && readiness_.ready());
  const std::shared_ptr<const core::Policy> policy = store_->view()->resident().policy;
  if (policy == nullptr) return;
  for (const core::CheckpointDefinition& checkpoint : policy->checkpoints) {
    health->SetServingStatus(absl::StrCat(kReady, ".", checkpoint.kind.value()),
                             !draining_ && readiness_.IsReady(checkpoint.kind));
  }
}

// An invariant that an event broke is judged once its book's sources are proven past the event:
// asks them now, rather than waiting until they probe by themselves.
void GrpcServer::AskAbout(const core::Changes& changes) {
  const std::shared_ptr<const core::Policy> policy = store_->view()->resident().policy;
  for (const auto& [id, suspect] : changes.of<core::Suspects>()) {
    const core::BookDefinition* book =
        policy != nullptr && suspect.has_value() ? policy->FindBook(id.book.book) : nullptr;
    if (book != nullptr) probes_.Request(book->sources);
  }
}

void GrpcServer::Shutdown() {
  if (draining_.exchange(true)) return;
  meters_.reservations.Stop();
  if (grpc_ != nullptr) {
    log_.Info("draining: no new calls are taken");
    TellHealth();
    streams_.Drain();
    absl::SleepFor(settings_.drain_notice);
    listener_->Stop();
    grpc_->Shutdown(absl::ToChronoTime(absl::Now() + settings_.drain_limit));
  }
  if (sequencer_ != nullptr) {
    if (observer_ != 0) sequencer_->RemoveObserver(observer_);
    restoration_.reset();
    breakers_.reset();
    audit_.reset();
    if (workers_ != nullptr) workers_->Stop();
    alerts_.reset();
    outbox_.reset();
    sequencer_->Shutdown();
    log_.Info("stopped", {{"sequence", absl::StrCat(sequence())}});
  }
  grpc_.reset();
  sequencer_.reset();
  backend_.reset();
  masking_.reset();
  store_.reset();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerSettings& settings,
                                                      logging::Log log) {
  FUNDGATE_ASSIGN_OR_RETURN(connection::HostPort listen,
                            connection::HostPort::Parse(settings.listen));
  FUNDGATE_RETURN_IF_ERROR(security::CheckTogether(settings.security, settings.listen,
                                                   !listen.IsLoopback(), settings.insecure_listen));
  if (settings.data_directory.empty()) {
    return absl::InvalidArgumentError("a folder for the data is required");
  }
  auto server = std::make_unique<GrpcServer>(settings, std::move(listen), std::move(log));
  FUNDGATE_RETURN_IF_ERROR(server->Begin());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace fundgate::gate
