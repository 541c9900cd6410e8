// The service that sends copies of the store.
#ifndef SERVER_GATE_BACKUPS_SERVICE_H_
#define SERVER_GATE_BACKUPS_SERVICE_H_

#include <atomic>
#include <string>

#include "absl/status/status.h"
#include "fundgate/v1/backups.grpc.pb.h"
#include "server/gate/backend.h"

namespace fundgate::gate {

// Before it is sent, a backup lies in this folder of the store's own: most of its files are links
// to the store's, so that it costs little room. It goes once it is sent.
inline constexpr char kOutgoingBackup[] = "outgoing-backup";

class BackupsService final : public v1::Backups::CallbackService {
 public:
  // Removes what a process that died may have left in the store's folder.
  BackupsService(const Backend& backend, const std::string& data_directory);

  grpc::ServerWriteReactor<v1::CreateBackupResponse>* CreateBackup(
      grpc::CallbackServerContext* context, const v1::CreateBackupRequest* request) override;

 private:
  const Backend& backend_;
  const std::string outgoing_;
  std::atomic<bool> one_is_sent_ = false;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_BACKUPS_SERVICE_H_
