// What a sidecar is told when it is started.
#ifndef SERVER_SIDECAR_SETTINGS_H_
#define SERVER_SIDECAR_SETTINGS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "server/sidecar/feed/feeder.h"

namespace fundgate::sidecar {

struct Settings {
  std::string gate;                                       // HOST:PORT
  std::shared_ptr<grpc::ChannelCredentials> credentials;  // none: plain text
  grpc::ChannelArguments arguments;                       // what the credentials ask for beside
  std::string source;                                     // as the policy names it
  // Who this reader is to a database; 0: made from the source's name, the same on every machine.
  uint32_t server_id = 0;
  // Where the parts of large transactions go that don't fit into memory.
  std::string spill_folder = "/tmp";
  // Of tables that are read anew, at most; 0: as fast as may be.
  uint64_t snapshot_rows_per_second = 20'000;
  feed::FeederOptions feeder;
};

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_SETTINGS_H_
