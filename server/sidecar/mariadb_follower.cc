#include "server/sidecar/mariadb_follower.h"

#include <span>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "server/policy/fnv1a.h"
#include "server/sidecar/binlog/reader.h"
#include "server/sidecar/sources/mariadb/binlog_stream.h"

namespace fundgate::sidecar {
namespace {

// The database's, as sources::DatabaseError() and sources::ConnectToPrimary() say.
Next AfterDatabase(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kAborted:
      return Next::kFenced;
    case absl::StatusCode::kOutOfRange:
      return Next::kLost;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
      return Next::kFail;
    default:
      return Next::kRetry;
  }
}

// The decoder's and the mapper's: a table that can't be mapped needs a person; damage may be gone
// when it is read again.
Next AfterReading(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) ? Next::kFail : Next::kRetry;
}

// Where an event begins in its file, by the end that its header names: 4 bytes from the 13th on,
// the least first. 0 for artificial events, which are in no file.
uint64_t OffsetOf(std::span<const uint8_t> event) {
  constexpr size_t kEndPosition = 13;
  uint64_t end = 0;
  for (size_t i = 4; i > 0 && event.size() >= kEndPosition + 4; --i) {
    end = end << 8 | event[kEndPosition + i - 1];
  }
  return end > event.size() ? end - event.size() : 0;
}

class MariadbFollower final : public Follower {
 public:
  explicit MariadbFollower(const FollowerContext& context)
      : context_(context),
        server_id_(context.settings.server_id != 0 ? context.settings.server_id
                                                   : DefaultServerId(context.settings.source)),
        tables_(TablesOf(context.policy.declared)) {}

  feed::PositionForm position_form() const override { return feed::PositionForm::kGtids; }
  bool may_repeat() const override { return false; }

  std::optional<Failure> Connect() override {
    sources::PrimarySettings settings = ToPrimarySettings(context_.policy.declared.mariadb());
    settings.server_id = server_id_;
    absl::StatusOr<sources::Primary> primary = sources::ConnectToPrimary(settings);
    if (!primary.ok()) return Failure{AfterDatabase(primary.status()), primary.status()};
    primary_ = *std::move(primary);
    NoteServer();
    return std::nullopt;
  }

  std::optional<Failure> Start(const feed::SourcePosition& position, uint64_t epoch) override {
    head_.emplace(primary_);
    const std::string host = primary_.session->endpoint().ToString();
    absl::StatusOr<std::unique_ptr<sources::BinlogStream>> binlog = sources::BinlogStream::Open(
        std::move(primary_.session), position.Steps(), {.server_id = server_id_});
    if (!binlog.ok()) return Failure{AfterDatabase(binlog.status()), binlog.status()};
    binlog_ = *std::move(binlog);
    context_.log.Info("following the binlog", {{"source", context_.settings.source},
                                               {"host", host},
                                               {"server_version", primary_.version},
                                               {"server_uid", primary_.server_uid},
                                               {"position", position.ToString()},
                                               {"epoch", absl::StrCat(epoch)}});
    return std::nullopt;
  }

  Failure Read(binlog::TransactionListener& listener) override {
    binlog::ReaderOptions options;
    options.require_checksum = true;
    options.wants_table = [this](std::string_view database, std::string_view table) {
      const std::string name = absl::StrCat(ToAbsl(database), ".", ToAbsl(table));
      return tables_.contains(absl::AsciiStrToLower(name));
    };
    binlog::Reader reader(listener, std::move(options));
    while (true) {
      const absl::StatusOr<std::span<const uint8_t>> event = binlog_->Fetch();
      if (!event.ok()) return {AfterDatabase(event.status()), event.status()};
      context_.counters.bytes += event->size();
      const absl::Status applied = reader.Apply(*event, OffsetOf(*event));
      if (!applied.ok()) return {AfterReading(applied), applied};
    }
  }

  absl::StatusOr<feed::Step> StepOf(const binlog::TransactionHead& head) const override {
    FUNDGATE_ASSIGN_OR_RETURN(const feed::Gtid gtid, feed::Gtid::Parse(head.id));
    return feed::Step(gtid);
  }

  absl::StatusOr<std::string> ReadHead() override { return head_->Read(); }

  void Interrupt() override {
    binlog_->Interrupt();
    head_->Interrupt();
  }

 private:
  void NoteServer() {
    std::string& known = context_.server_uid;
    if (!known.empty() && known != primary_.server_uid) {
      context_.log.Warning("another server than before answers",
                           {{"host", primary_.session->endpoint().ToString()},
                            {"server_uid", primary_.server_uid},
                            {"server_uid_before", known}});
    }
    known = primary_.server_uid;
  }

  const FollowerContext context_;
  const uint32_t server_id_;
  const std::set<std::string> tables_;
  sources::Primary primary_;  // its session goes to the stream
  std::optional<sources::HeadReader> head_;
  std::unique_ptr<sources::BinlogStream> binlog_;
};

}  // namespace

std::unique_ptr<Follower> NewMariadbFollower(const FollowerContext& context) {
  return std::make_unique<MariadbFollower>(context);
}

sources::PrimarySettings ToPrimarySettings(const policy::v1::Mariadb& mariadb) {
  sources::PrimarySettings settings;
  settings.hosts.assign(mariadb.hosts().begin(), mariadb.hosts().end());
  settings.user = mariadb.user();
  settings.password_file = mariadb.password_file();
  if (mariadb.has_tls()) {
    settings.tls = {mariadb.tls().ca_file(), mariadb.tls().cert_file(), mariadb.tls().key_file()};
  }
  return settings;
}

std::set<std::string> TablesOf(const policy::v1::Source& source) {
  std::set<std::string> tables;
  for (const policy::v1::Table& table : source.tables()) {
    tables.insert(absl::AsciiStrToLower(table.table()));
  }
  if (source.has_marker()) tables.insert(absl::AsciiStrToLower(source.marker().table()));
  return tables;
}

uint32_t DefaultServerId(std::string_view source) {
  policy::Fnv1a hash;
  hash.AddText(source);
  return static_cast<uint32_t>(hash.value()) | 0x80000000U;
}

}  // namespace fundgate::sidecar
