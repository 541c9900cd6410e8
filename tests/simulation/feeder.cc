#include "tests/simulation/feeder.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace fundgate::simulation {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(1);
constexpr uint64_t kWindow = 3;        // batches ahead of their acknowledgements
constexpr uint64_t kBatch = 4;         // transactions
constexpr uint64_t kProbesAhead = 40;  // transactions: heads further ahead are not told

}  // namespace

uint64_t Feeder::MappingVersion() const {
  if (source_ == "bank") return 3;
  return source_ == "pay_db" ? 7 : 0;
}

void Feeder::Disconnect() {
  connection_ = nullptr;
  connect_at_ = scene_.now() + absl::Milliseconds(scene_.dice().Roll(80));
}

bool Feeder::HasTold(absl::Time since) const {
  return connection_ != nullptr && connection_->acknowledged == database().head() &&
         connection_->proven_at >= since;
}

void Feeder::Turn() {
  if (connection_ == nullptr) {
    if (scene_.now() >= connect_at_) Connect();
    return;
  }
  Connection& connection = *connection_;
  if (scene_.now() - connection.heard_at > kPatience &&
      (connection.under_way > 0 || !connection.is_open)) {
    return Disconnect();
  }
  if (!connection.is_open || connection.under_way >= kWindow) return;
  model::Dice& dice = scene_.dice();
  const bool is_wanted = scene_.wanted_probes().erase(source_) > 0;
  const uint64_t waiting = database().head() - connection.sent;
  const bool may_probe = waiting < kProbesAhead;
  if (waiting > 0 && dice.Percent(80)) {
    Send(std::min(waiting, 1 + dice.Roll(kBatch)), may_probe && (is_wanted || dice.Percent(40)));
  } else if (may_probe && (is_wanted || dice.Percent(30))) {
    Send(0, true);
  }
}

void Feeder::Connect() {
  const auto connection = std::make_shared<Connection>();
  connection_ = connection;
  connection->heard_at = scene_.now();
  core::Input input;
  input.body = core::GrantEpochInput{SourceName(source_), database().coordinates_changed(),
                                     MappingVersion()};
  scene_.Call(std::move(input), std::nullopt,
              [this, connection](const absl::StatusOr<core::Answer>& answer, absl::Time gate_time) {
                if (connection_ != connection || connection->is_open) return;
                const auto* grant = answer.ok() ? std::get_if<core::EpochGrant>(&*answer) : nullptr;
                if (grant == nullptr) return Disconnect();
                connection->is_open = true;
                connection->epoch = grant->epoch;
                connection->sent = model::NumberOf(grant->position);
                connection->acknowledged = connection->sent;
                connection->heard_at = scene_.now();
                connection->gate_time = gate_time;
                connection->earlier_gate_time = gate_time;
              });
}

void Feeder::Send(uint64_t count, bool probes) {
  const std::shared_ptr<Connection> connection = connection_;
  core::IngestInput batch;
  batch.source = SourceName(source_);
  batch.epoch = connection->epoch;
  batch.mapping_version = MappingVersion();
  batch.previous = model::PositionAt(source_, connection->sent);
  for (uint64_t i = 0; i < count; ++i) {
    const Transaction& transaction = database().log()[connection->sent++];
    batch.events.insert(batch.events.end(), transaction.events.begin(), transaction.events.end());
  }
  batch.position = model::PositionAt(source_, connection->sent);
  const uint64_t head = database().head();
  if (probes) {
    // Whoever reads heads may be slow, and have begun before others that are told already.
    const bool is_slow = scene_.dice().Percent(25);
    batch.probe = core::Probe{model::PositionAt(source_, head),
                              is_slow ? connection->earlier_gate_time : connection->gate_time};
  }
  ++connection->under_way;
  core::Input input;
  input.body = std::move(batch);
  scene_.CallInOrder(
      connection->stream, std::move(input),
      [this, connection, probes, head, read_at = scene_.now()](
          const absl::StatusOr<core::Answer>& answer, absl::Time gate_time) {
        if (connection_ != connection) return;
        const auto* applied = answer.ok() ? std::get_if<core::IngestAnswer>(&*answer) : nullptr;
        if (applied == nullptr) return Disconnect();
        --connection->under_way;
        connection->acknowledged = model::NumberOf(applied->position);
        connection->heard_at = scene_.now();
        connection->earlier_gate_time = std::exchange(connection->gate_time, gate_time);
        if (probes && connection->acknowledged >= head) connection->proven_at = read_at;
      });
}

}  // namespace fundgate::simulation
