#include "server/sidecar/kafka_follower.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::sidecar {
namespace {

using sources::KafkaConsumer;
using sources::Polled;
using sources::TopicPartition;
using sources::Watermarks;

// How long a reader doesn't see that it was interrupted.
constexpr absl::Duration kPoll = absl::Milliseconds(100);

Next AfterCluster(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
      return Next::kFail;
    // OUT_OF_RANGE too: the next attempt sees what the partition still has.
    default:
      return Next::kRetry;
  }
}

Failure ClusterFailure(const absl::Status& status) { return {AfterCluster(status), status}; }

std::string TopicOf(const std::string& stream) { return stream.substr(0, stream.rfind('/')); }

// What was deleted before it was read.
struct Lost {
  TopicPartition partition;
  int64_t from = 0;
  int64_t to = 0;  // the first that is there
};

class KafkaFollower final : public Follower {
 public:
  explicit KafkaFollower(const FollowerContext& context) : context_(context) {
    for (const policy::v1::Topic& topic : context.policy.declared.kafka().topics()) {
      readers_.emplace(topic.topic(),
                       envelope::MessageReader(ToTopicSettings(topic, context.policy.mapper)));
    }
  }

  feed::PositionForm position_form() const override { return feed::PositionForm::kOffsets; }
  bool may_repeat() const override { return true; }

  std::optional<Failure> Connect() override {
    absl::StatusOr<std::unique_ptr<KafkaConsumer>> consumer = KafkaConsumer::Create(
        ToKafkaSettings(context_.policy.declared.kafka(), context_.settings.source));
    if (!consumer.ok()) return ClusterFailure(consumer.status());
    consumer_ = *std::move(consumer);
    absl::StatusOr<std::vector<TopicPartition>> partitions = consumer_->Partitions();
    if (!partitions.ok()) return ClusterFailure(partitions.status());
    partitions_ = *std::move(partitions);
    return std::nullopt;
  }

  std::optional<Failure> Start(const feed::SourcePosition& position, uint64_t epoch) override {
    std::set<std::string> known_topics;
    for (const auto& [stream, step] : position.newest()) known_topics.insert(TopicOf(stream));
    std::vector<std::pair<TopicPartition, int64_t>> offsets;
    for (const TopicPartition& partition : partitions_) {
      const absl::StatusOr<Watermarks> marks = consumer_->WatermarksOf(partition);
      if (!marks.ok()) return ClusterFailure(marks.status());
      const auto known = position.newest().find(partition.ToString());
      int64_t next = known != position.newest().end() ? static_cast<int64_t>(known->second.number)
                     // A partition that its topic got later has nothing that was read before.
                     : known_topics.contains(partition.topic) ? 0
                                                              : marks->low;
      if (next > marks->high) return RunsBackwards(partition, next, marks->high);
      if (next < marks->low) {
        lost_.push_back({partition, next, marks->low});
        next = marks->low;
      }
      offsets.emplace_back(partition, next);
    }
    if (std::optional<Failure> missing = FindMissing(position); missing.has_value()) return missing;
    if (const absl::Status assigned = consumer_->Assign(offsets); !assigned.ok()) {
      return ClusterFailure(assigned);
    }
    start_ = position;
    context_.log.Info("following the topics", {{"source", context_.settings.source},
                                               {"partitions", absl::StrCat(partitions_.size())},
                                               {"position", position.ToString()},
                                               {"epoch", absl::StrCat(epoch)}});
    return std::nullopt;
  }

  Failure Read(binlog::TransactionListener& listener) override {
    for (const Lost& lost : std::exchange(lost_, {})) {
      if (const absl::Status told = TellLost(lost, listener); !told.ok()) return {{}, told};
    }
    while (!interrupted_) {
      const absl::StatusOr<std::optional<Polled>> polled = consumer_->Poll(kPoll);
      if (!polled.ok()) return ClusterFailure(polled.status());
      if (!polled->has_value()) continue;
      if (const absl::Status told = Tell(**polled, listener); !told.ok()) return {{}, told};
    }
    return {Next::kRetry, absl::UnavailableError("interrupted")};
  }

  absl::StatusOr<feed::Step> StepOf(const binlog::TransactionHead& /*head*/) const override {
    return step_;
  }

  absl::StatusOr<std::string> ReadHead() override {
    // First which partitions there are: what is committed in one that isn't read yet is not proven.
    FUNDGATE_ASSIGN_OR_RETURN(const std::vector<TopicPartition> partitions,
                              consumer_->Partitions());
    if (partitions != partitions_) {
      return absl::FailedPreconditionError(absl::StrCat("the topics have ", partitions.size(),
                                                        " partitions now, and ", partitions_.size(),
                                                        " are being read"));
    }
    feed::SourcePosition head = *start_;
    for (const TopicPartition& partition : partitions) {
      if (interrupted_) return absl::UnavailableError("interrupted");
      FUNDGATE_ASSIGN_OR_RETURN(const Watermarks marks, consumer_->WatermarksOf(partition));
      head.Advance(StepTo(partition, marks.high));
    }
    return head.Steps();
  }

  void Interrupt() override { interrupted_ = true; }

 private:
  static feed::Step StepTo(const TopicPartition& partition, int64_t next) {
    return {partition.ToString(), static_cast<uint64_t>(std::max<int64_t>(next, 0)), std::nullopt};
  }

  static Failure RunsBackwards(const TopicPartition& partition, int64_t next, int64_t high) {
    return {Next::kLost,
            absl::OutOfRangeError(absl::StrCat(
                partition.ToString(), " was read up to offset ", next, " and ends with ", high,
                " now: the topic was deleted and made anew, or lost what it had acknowledged. ",
                "Which of its messages the gate has can't be told; build the source's books anew ",
                "under another name of the topic"))};
  }

  // A partition that was read and that its topic doesn't have any more.
  std::optional<Failure> FindMissing(const feed::SourcePosition& position) const {
    for (const auto& entry : position.newest()) {
      const std::string& stream = entry.first;
      if (!readers_.contains(TopicOf(stream))) continue;  // nobody reads the topic any more
      const bool is_there = std::any_of(
          partitions_.begin(), partitions_.end(),
          [&stream](const TopicPartition& partition) { return partition.ToString() == stream; });
      if (is_there) continue;
      return Failure{Next::kLost,
                     absl::OutOfRangeError(absl::StrCat(
                         "partition ", stream, " was read and isn't there any more: the topic was ",
                         "deleted and made anew. Build the source's books anew under another name "
                         "of the topic"))};
    }
    return std::nullopt;
  }

  absl::Status TellLost(const Lost& lost, binlog::TransactionListener& listener) {
    step_ = StepTo(lost.partition, lost.to);
    const std::string reason = absl::StrCat(
        "messages ", lost.from, " to ", lost.to - 1, " of ", lost.partition.ToString(),
        " were deleted before they were read: the topic's retention is shorter than the sidecar "
        "was away");
    return readers_.at(lost.partition.topic)
        .TellLost(absl::StrCat(lost.partition.ToString(), ":", lost.from, "-", lost.to - 1), reason,
                  listener);
  }

  absl::Status Tell(const Polled& polled, binlog::TransactionListener& listener) {
    if (polled.is_end) {
      // What lies before it and didn't come is no message: marks of transactions, what was aborted,
      // what compaction took.
      step_ = StepTo(polled.partition, polled.offset);
      binlog::TransactionHead head;
      head.id = step_.ToString();
      FUNDGATE_RETURN_IF_ERROR(listener.OnBegin(head));
      return listener.OnEnd(binlog::TransactionEnd::kCommit);
    }
    if (polled.value.has_value()) context_.counters.bytes += polled.value->size();
    step_ = StepTo(polled.partition, polled.offset + 1);
    const envelope::Message message{polled.partition.topic, polled.partition.number, polled.offset,
                                    polled.timestamp_ms, polled.value};
    return readers_.at(polled.partition.topic).Read(message, listener);
  }

  const FollowerContext context_;
  std::map<std::string, envelope::MessageReader> readers_;  // by topic
  std::unique_ptr<KafkaConsumer> consumer_;
  std::vector<TopicPartition> partitions_;
  std::vector<Lost> lost_;
  std::optional<feed::SourcePosition> start_;
  feed::Step step_;  // of the newest message
  std::atomic<bool> interrupted_ = false;
};

std::string NameOf(policy::v1::SaslMechanism mechanism) {
  switch (mechanism) {
    case policy::v1::SASL_MECHANISM_SCRAM_SHA_256:
      return "SCRAM-SHA-256";
    case policy::v1::SASL_MECHANISM_SCRAM_SHA_512:
      return "SCRAM-SHA-512";
    default:
      return "PLAIN";
  }
}

envelope::EnvelopeKind KindOf(policy::v1::Envelope envelope) {
  switch (envelope) {
    case policy::v1::ENVELOPE_DEBEZIUM:
      return envelope::EnvelopeKind::kDebezium;
    case policy::v1::ENVELOPE_CANAL:
      return envelope::EnvelopeKind::kCanal;
    default:
      return envelope::EnvelopeKind::kJson;
  }
}

}  // namespace

std::unique_ptr<Follower> NewKafkaFollower(const FollowerContext& context) {
  return std::make_unique<KafkaFollower>(context);
}

sources::KafkaSettings ToKafkaSettings(const policy::v1::Kafka& kafka, const std::string& source) {
  sources::KafkaSettings settings;
  settings.brokers.assign(kafka.brokers().begin(), kafka.brokers().end());
  if (kafka.has_sasl()) {
    settings.sasl = {NameOf(kafka.sasl().mechanism()), kafka.sasl().user(),
                     kafka.sasl().password_file()};
  }
  if (kafka.has_tls()) {
    settings.tls = {kafka.tls().ca_file(), kafka.tls().cert_file(), kafka.tls().key_file()};
  }
  for (const policy::v1::Topic& topic : kafka.topics()) settings.topics.push_back(topic.topic());
  settings.client = absl::StrCat("fundgate-sidecar-", source);
  return settings;
}

envelope::TopicSettings ToTopicSettings(const policy::v1::Topic& topic,
                                        const mapping::RowMapper& mapper) {
  envelope::TopicSettings settings;
  settings.envelope = KindOf(topic.envelope());
  settings.columns.insert(topic.columns().begin(), topic.columns().end());
  settings.text_decimals = topic.decimals() == policy::v1::DECIMALS_TEXT;
  for (const auto& [table, key] : topic.rows()) {
    settings.rows.push_back(
        {table, {key.columns().begin(), key.columns().end()}, mapper.ColumnsOf(table)});
  }
  return settings;
}

}  // namespace fundgate::sidecar
