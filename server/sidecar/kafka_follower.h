// Follows topics of a Kafka cluster.
#ifndef SERVER_SIDECAR_KAFKA_FOLLOWER_H_
#define SERVER_SIDECAR_KAFKA_FOLLOWER_H_

#include <memory>
#include <string>

#include "fundgate/policy/v1/document.pb.h"
#include "server/sidecar/envelope/message_reader.h"
#include "server/sidecar/followers.h"
#include "server/sidecar/mapping/row_mapper.h"
#include "server/sidecar/sources/kafka/consumer.h"

namespace fundgate::sidecar {

// The position has one step for each partition, "orders/3:18": the offset of the message that comes
// next. It is the gate's alone; the cluster keeps none.
//
// - A partition that was never read begins with its oldest message.
// - What the cluster deleted before it was read is a gap of all tables of the topic; reading goes
//   on behind it. A topic that was made anew, so that its offsets begin again, is lost: the
//   position can't go back.
// - A head is read from the leaders of all partitions. Another number of partitions than is being
//   read makes reading begin anew.
std::unique_ptr<Follower> NewKafkaFollower(const FollowerContext& context);

// How the policy says that the cluster is reached.
sources::KafkaSettings ToKafkaSettings(const policy::v1::Kafka& kafka, const std::string& source);

// What the topic's messages are, with the columns that the mapper reads.
envelope::TopicSettings ToTopicSettings(const policy::v1::Topic& topic,
                                        const mapping::RowMapper& mapper);

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_KAFKA_FOLLOWER_H_
