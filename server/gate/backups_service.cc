#include "server/gate/backups_service.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "backup/file_hash.h"
#include "fundgate/types/status_macros.h"
#include "server/core/machine.h"
#include "server/gate/convert_values.h"
#include "server/gate/guard.h"
#include "server/gate/stream.h"
#include "server/store/stored_point.h"

namespace fundgate::gate {
namespace {

constexpr size_t kPieceBytes = size_t{256} << 10;  // a bound of the contract
// What waits to be written: bounds the memory of a slow reader.
constexpr size_t kPiecesAhead = 8;

v1::BackupPoint PointOf(const store::StoredPoint& point) {
  v1::BackupPoint proto;
  proto.set_sequence(point.clock.sequence);
  if (point.clock.sequence > 0) *proto.mutable_time() = ToProto(point.clock.time);
  proto.set_hash(std::string(store::AsBytes(point.hash)));
  proto.set_policy_version(point.policy_version);
  for (const auto& [name, source] : point.sources) {
    v1::BackupSource& of_it = *proto.add_sources();
    of_it.set_name(name.value());
    of_it.set_position(source.position.ToString());
    if (source.proven_past != absl::InfinitePast()) {
      *of_it.mutable_proven_past() = ToProto(source.proven_past);
    }
  }
  proto.set_format_version(static_cast<uint32_t>(point.format_version));
  proto.set_logic_version(core::kLogicVersion);
  proto.set_software_version(FUNDGATE_VERSION);
  *proto.mutable_created_at() = ToProto(absl::Now());
  return proto;
}

// One caller of CreateBackup. What it reads and writes belongs to a worker while `reading_`.
class BackupStream final
    : public Stream<grpc::ServerWriteReactor<v1::CreateBackupResponse>, v1::CreateBackupResponse> {
 public:
  BackupStream(const Backend& backend, std::string outgoing, std::atomic<bool>& one_is_sent)
      : backend_(backend), outgoing_(std::move(outgoing)), one_is_sent_(one_is_sent) {}

  ~BackupStream() override {
    if (!has_turn_) return;
    file_.close();
    std::error_code ignored;
    std::filesystem::remove_all(outgoing_, ignored);
    one_is_sent_ = false;
  }

 private:
  void Start() override FUNDGATE_REQUIRES(mutex_) {
    if (one_is_sent_.exchange(true)) {
      return End({grpc::StatusCode::RESOURCE_EXHAUSTED,
                  "another backup is being sent; there is one at a time"});
    }
    has_turn_ = true;
    ReadOn();
  }
  void AfterWrite() override FUNDGATE_REQUIRES(mutex_) { ReadOn(); }
  bool Busy() const override FUNDGATE_REQUIRES(mutex_) { return reading_; }

  void ReadOn() FUNDGATE_REQUIRES(mutex_) {
    if (reading_ || ending() || queued() > kPiecesAhead / 2) return;
    const auto self = std::static_pointer_cast<BackupStream>(shared_from_this());
    const absl::Status submitted = backend_.workers.Submit([self] { self->Read(); });
    if (!submitted.ok()) return End(ToGrpc(submitted));
    reading_ = true;
  }

  // On a worker.
  void Read() {
    std::vector<v1::CreateBackupResponse> parts;
    const absl::Status status = begun_ ? ReadPieces(parts) : Begin(parts);
    const sequencer::MutexLock lock(mutex_);
    reading_ = false;
    const bool done = !parts.empty() && parts.back().done();
    for (v1::CreateBackupResponse& part : parts) Send(std::move(part));
    if (!status.ok()) {
      End(ToGrpc(status));
    } else if (done) {
      End(grpc::Status::OK);
    }
    ReadOn();
    Pump();
  }

  absl::Status Begin(std::vector<v1::CreateBackupResponse>& parts) {
    begun_ = true;
    FUNDGATE_RETURN_IF_ERROR(backend_.store.Checkpoint(outgoing_));
    FUNDGATE_ASSIGN_OR_RETURN(const store::StoredPoint point, store::ReadStoredPoint(outgoing_));
    *parts.emplace_back().mutable_point() = PointOf(point);
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(outgoing_, error)) {
      const std::string name = entry.path().filename();
      // Left by having been opened just now.
      if (name != "LOCK" && name.rfind("LOG", 0) != 0) names_.push_back(name);
    }
    if (error) return absl::UnavailableError(absl::StrCat("reading a backup: ", error.message()));
    std::sort(names_.rbegin(), names_.rend());  // the next is at the end
    return absl::OkStatus();
  }

  absl::Status ReadPieces(std::vector<v1::CreateBackupResponse>& parts) {
    while (parts.size() < kPiecesAhead) {
      if (!file_.is_open()) {
        if (names_.empty()) {
          parts.emplace_back().set_done(true);
          return absl::OkStatus();
        }
        name_ = std::move(names_.back());
        names_.pop_back();
        file_.open(outgoing_ + "/" + name_, std::ios::binary);
        hash_ = std::make_unique<backup::FileHash>();
        bytes_ = 0;
      }
      FUNDGATE_RETURN_IF_ERROR(ReadPiece(parts.emplace_back()));
    }
    return absl::OkStatus();
  }

  // The file's next piece, or its end.
  absl::Status ReadPiece(v1::CreateBackupResponse& part) {
    std::string bytes(kPieceBytes, '\0');
    file_.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<size_t>(file_.gcount()));
    if (file_.bad() || (bytes.empty() && !file_.eof())) {
      return absl::UnavailableError(absl::StrCat("reading ", name_, " of a backup failed"));
    }
    if (!bytes.empty()) {
      hash_->Add(bytes);
      bytes_ += bytes.size();
      part.mutable_chunk()->set_name(name_);
      part.mutable_chunk()->set_data(std::move(bytes));
      return absl::OkStatus();
    }
    file_.close();
    file_.clear();
    part.mutable_file()->set_name(name_);
    part.mutable_file()->set_bytes(bytes_);
    part.mutable_file()->set_sha256(hash_->Finish());
    return absl::OkStatus();
  }

  const Backend& backend_;
  const std::string outgoing_;
  std::atomic<bool>& one_is_sent_;
  bool has_turn_ = false;
  bool begun_ = false;
  std::vector<std::string> names_;  // of files that are not read yet
  // The file at hand.
  std::string name_;
  std::ifstream file_;
  std::unique_ptr<backup::FileHash> hash_;
  uint64_t bytes_ = 0;
  bool reading_ FUNDGATE_GUARDED_BY(mutex_) = false;
};

}  // namespace

BackupsService::BackupsService(const Backend& backend, const std::string& data_directory)
    : backend_(backend), outgoing_(absl::StrCat(data_directory, "/", kOutgoingBackup)) {
  std::error_code ignored;
  std::filesystem::remove_all(outgoing_, ignored);
}

grpc::ServerWriteReactor<v1::CreateBackupResponse>* BackupsService::CreateBackup(
    grpc::CallbackServerContext* context, const v1::CreateBackupRequest* /*request*/) {
  auto* refused = RefuseStream<grpc::ServerWriteReactor<v1::CreateBackupResponse>>(
      backend_, *context, "Backups/CreateBackup");
  if (refused != nullptr) return refused;
  return BackupStream::Open(std::make_shared<BackupStream>(backend_, outgoing_, one_is_sent_),
                            backend_.streams);
}

}  // namespace fundgate::gate
