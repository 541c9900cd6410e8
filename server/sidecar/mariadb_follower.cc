#include "server/sidecar/mariadb_follower.h"

#include <algorithm>
#include <span>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "server/policy/fnv1a.h"
#include "server/sidecar/binlog/event.h"
#include "server/sidecar/binlog/reader.h"
#include "server/sidecar/feed/backoff.h"
#include "server/sidecar/feed/server_check.h"
#include "server/sidecar/mariadb_schema.h"
#include "server/sidecar/mariadb_tables.h"
#include "server/sidecar/schema/learn.h"
#include "server/sidecar/sources/file_position.h"
#include "server/sidecar/sources/mysql/open_binlog.h"

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

// A quiet server tells so often where its binlog ends while tables are read.
constexpr absl::Duration kReadingHeartbeat = absl::Milliseconds(20);

// How long a table is left alone that was in use, at first and at most: writers wait a second each
// time.
constexpr absl::Duration kInUse = absl::Seconds(4);
constexpr absl::Duration kInUseMax = absl::Minutes(1);

feed::PositionForm PositionFormOf(sources::Flavor flavor) {
  switch (flavor) {
    case sources::Flavor::kMariadb:
      return feed::PositionForm::kGtids;
    case sources::Flavor::kMysql:
      return feed::PositionForm::kGtidSets;
    case sources::Flavor::kMysqlFiles:
      return feed::PositionForm::kFiles;
  }
  return feed::PositionForm::kGtids;
}

absl::Status CheckHas(const feed::SourcePosition& applied, const sources::Primary& primary) {
  FUNDGATE_ASSIGN_OR_RETURN(feed::SourcePosition head,
                            feed::SourcePosition::Parse(primary.head, applied.form()));
  FUNDGATE_ASSIGN_OR_RETURN(feed::SourcePosition purged,
                            feed::SourcePosition::Parse(primary.purged, applied.form()));
  return feed::CheckServerHas(applied, {primary.session->endpoint().ToString(), primary.server_id,
                                        std::move(head), std::move(purged)});
}

// Of a v1::Mariadb or v1::Mysql.
template <typename Database>
sources::PrimarySettings SettingsOf(const Database& database, sources::Flavor flavor) {
  sources::PrimarySettings settings;
  settings.flavor = flavor;
  settings.hosts.assign(database.hosts().begin(), database.hosts().end());
  settings.user = database.user();
  settings.password_file = database.password_file();
  if (database.has_tls()) {
    const policy::v1::Tls& tls = database.tls();
    settings.tls = {tls.ca_file(), tls.cert_file(), tls.key_file()};
  }
  return settings;
}

class MariadbFollower final : public Follower {
 public:
  explicit MariadbFollower(const FollowerContext& context)
      : context_(context),
        server_id_(context.settings.server_id != 0 ? context.settings.server_id
                                                   : DefaultServerId(context.settings.source)),
        settings_(ToPrimarySettings(context.policy.declared)),
        tables_(TablesOf(context.policy.declared)) {
    settings_.server_id = server_id_;
    AskOthersFirst();
  }

  feed::PositionForm position_form() const override { return PositionFormOf(settings_.flavor); }
  bool may_repeat() const override { return false; }

  bool SetTableReading(TableReading* reading) override {
    reading_ = reading;
    return true;
  }

  std::optional<Failure> Connect() override { return ConnectTo(nullptr); }

  std::optional<Failure> Start(const feed::SourcePosition& position, uint64_t epoch) override {
    // What takes writes isn't always what everybody wrote to: another host may be the right one.
    if (!CheckHas(position, primary_).ok()) {
      const auto check = [&position](const sources::Primary& primary) {
        return CheckHas(position, primary);
      };
      if (std::optional<Failure> failure = ConnectTo(check); failure.has_value()) return failure;
    }
    NoteServer();
    const feed::SourcePosition from = position.ReadFrom();
    if (std::optional<Failure> failure = LearnSchema(from)) return failure;
    host_ = primary_.session->endpoint().ToString();
    absl::StatusOr<std::unique_ptr<sources::EventStream>> binlog = sources::OpenBinlog(
        settings_.flavor, std::move(primary_.session), from.Steps(),
        reading_ == nullptr
            ? sources::BinlogOptions{.server_id = server_id_}
            : sources::BinlogOptions{.server_id = server_id_, .heartbeat = kReadingHeartbeat});
    if (!binlog.ok()) return Failure{AfterDatabase(binlog.status()), binlog.status()};
    binlog_ = *std::move(binlog);
    context_.log.Info("following the binlog", {{"source", context_.settings.source},
                                               {"host", host_},
                                               {"server_version", primary_.version},
                                               {"server_uid", primary_.server_uid},
                                               {"position", position.ToString()},
                                               {"epoch", absl::StrCat(epoch)}});
    return std::nullopt;
  }

  Failure Read(binlog::TransactionListener& listener) override {
    binlog::ReaderOptions options;
    options.require_checksum = true;
    options.describer = &context_.schema;
    options.wants_table = [this](std::string_view database, std::string_view table) {
      const std::string name = absl::StrCat(ToAbsl(database), ".", ToAbsl(table));
      return tables_.contains(absl::AsciiStrToLower(name));
    };
    binlog::Reader reader(listener, std::move(options));
    reader_ = &reader;
    while (true) {
      if (reading_ != nullptr && !reader.in_transaction()) {
        const std::optional<Failure> failure = ReadTables();
        if (failure.has_value()) return *failure;
      }
      const absl::StatusOr<std::span<const uint8_t>> event = binlog_->Fetch();
      // A checksum is looked at by the client library, too.
      if (absl::IsDataLoss(event.status())) NoteDamage(event.status());
      if (!event.ok()) return {AfterDatabase(event.status()), event.status()};
      context_.counters.bytes += event->size();
      const bool has_header = event->size() >= binlog::EventHeader::kSize;
      const uint64_t offset = has_header ? binlog::OffsetOf(binlog::ReadHeader(*event)) : 0;
      absl::Status applied = reader.Apply(*event, offset);
      if (applied.ok() && reader.ends_in_file()) {
        place_ = BinlogPlace{NumberOfBinlog(reader.file_name()), reader.last_end()};
        if (position_form() == feed::PositionForm::kFiles) applied = TellPlace(listener);
      }
      if (absl::IsDataLoss(applied)) NoteDamage(applied);
      if (!applied.ok()) return {AfterReading(applied), applied};
    }
  }

  absl::StatusOr<feed::Step> StepOf(const binlog::TransactionHead& head) const override {
    if (position_form() != feed::PositionForm::kFiles) {
      return feed::StepOfTransaction(head.id, position_form());
    }
    const sources::FilePlace end{reader_->file_name(), reader_->last_end()};
    FUNDGATE_ASSIGN_OR_RETURN(const uint64_t number, sources::NumberOf(end));
    return feed::Step{sources::StreamOf(end, primary_.server_uid), number, std::nullopt};
  }

  absl::StatusOr<std::string> ReadHead() override { return head_->Read(); }

  void Interrupt() override {
    binlog_->Interrupt();
    head_->Interrupt();
    tables_reader_->Interrupt();
  }

 private:
  // Another host may have a good copy. If none has, somebody must say that it is given up.
  void NoteDamage(const absl::Status& status) {
    Damage& damage = context_.damage;
    damage.host = host_;
    const std::string reason(status.message());
    if (std::exchange(damage.reason, reason) == reason) return;
    context_.log.Warning(
        "nothing behind a damaged event is read; if no host has a good copy, the only way on is "
        "past it",
        {{"host", host_},
         {"command", absl::StrCat("fundctl source resnapshot ", context_.settings.source,
                                  " --begin-anew --reason \"its binlog is damaged\"")}});
  }

  // The one that sent damage comes last, once.
  void AskOthersFirst() {
    const std::string last = std::exchange(context_.damage.host, "");
    std::stable_partition(settings_.hosts.begin(), settings_.hosts.end(),
                          [&last](const std::string& host) { return host != last; });
  }

  // At the beginning of a file the source's head may be behind events that are no transaction.
  absl::Status TellPlace(binlog::TransactionListener& listener) const {
    switch (reader_->last_type()) {
      case binlog::EventType::kFormatDescription:
      case binlog::EventType::kPreviousGtids:
      case binlog::EventType::kHeartbeat:
      case binlog::EventType::kStop:
        break;
      default:
        return absl::OkStatus();
    }
    if (reader_->in_transaction()) return absl::OkStatus();
    FUNDGATE_RETURN_IF_ERROR(
        listener.OnBegin({.id = absl::StrCat(reader_->file_name(), ":", reader_->last_end())}));
    return listener.OnEnd(binlog::TransactionEnd::kCommit);
  }

  // Rows of tables stand in one order with the transactions: those that were read wait until the
  // binlog was followed to the very place at which they stood so. The view is taken between two
  // events, so that its place never lies before what was followed.
  std::optional<Failure> ReadTables() {
    while (place_.has_value()) {
      if (!waiting_.has_value()) {
        if (absl::Now() < not_before_) return std::nullopt;
        std::optional<TableTask> task = reading_->Next();
        if (!task.has_value()) return std::nullopt;
        absl::StatusOr<PlacedChunk> read = tables_reader_->Read(*task);
        if (absl::IsDeadlineExceeded(read.status())) return PutOff(*task, read.status());
        if (!read.ok()) return AfterTable(*task, read.status());
        in_use_.Reset();
        waiting_.emplace(*std::move(task), *std::move(read));
      }
      if (*place_ < waiting_->second.place) return std::nullopt;
      const absl::Status taken = reading_->Take(waiting_->first, waiting_->second.chunk);
      waiting_.reset();
      if (!taken.ok()) return Failure{Next::kRetry, taken};
    }
    return std::nullopt;
  }

  // Whoever writes the table waits with us for a lock on it: not again at once.
  std::optional<Failure> PutOff(const TableTask& task, const absl::Status& why) {
    const absl::Duration wait = in_use_.Next();
    not_before_ = absl::Now() + wait;
    context_.log.Warning("a table is in use all the time; its reading goes on later",
                         {{"table", task.table},
                          {"reason", std::string(why.message())},
                          {"again_in", absl::FormatDuration(absl::Trunc(wait, absl::Seconds(1)))}});
    return std::nullopt;
  }

  // What a person must set right ends the reading of tables, not the following of changes.
  std::optional<Failure> AfterTable(const TableTask& task, const absl::Status& why) {
    if (AfterDatabase(why) != Next::kFail) return Failure{AfterDatabase(why), why};
    const absl::Status told = reading_->GiveUp(task, why);
    return told.ok() ? std::nullopt : std::optional(Failure{Next::kRetry, told});
  }

  // Tables of which the policy says that changes by foreign keys are taken, or doesn't.
  std::set<std::string> AcceptedCascades() const {
    std::set<std::string> accepted;
    for (const policy::v1::Table& table : context_.policy.declared.tables()) {
      if (table.cascades() == policy::v1::CASCADES_ACCEPTED) accepted.insert(table.table());
    }
    return accepted;
  }

  std::set<std::string> RefusedCascades() const {
    const std::set<std::string> accepted = AcceptedCascades();
    std::set<std::string> refused;
    for (const policy::v1::Table& table : context_.policy.declared.tables()) {
      if (!accepted.contains(table.table())) refused.insert(table.table());
    }
    return refused;
  }

  std::optional<Failure> CheckForeignKeys() {
    const absl::StatusOr<std::vector<std::string>> hidden =
        CheckCascades(*primary_.session, RefusedCascades());
    if (!hidden.ok()) return Failure{AfterDatabase(hidden.status()), hidden.status()};
    if (hidden->empty()) return std::nullopt;
    context_.log.Warning(
        "the user may not see these tables: whether a foreign key with CASCADE or SET NULL changes "
        "their rows, which no binlog shows, is not known; GRANT SELECT or REFERENCES on each to it",
        {{"source", context_.settings.source}, {"tables", absl::StrJoin(*hidden, ", ")}});
    return std::nullopt;
  }

  std::optional<Failure> ConnectTo(const sources::PrimaryCheck& check) {
    absl::StatusOr<sources::Primary> primary = sources::ConnectToPrimary(settings_, check);
    if (!primary.ok()) return Failure{AfterDatabase(primary.status()), primary.status()};
    primary_ = *std::move(primary);
    head_.emplace(primary_);
    tables_reader_.emplace(primary_);
    return CheckForeignKeys();
  }

  // What tables are as of where reading begins; asks the server only if its binlog was found not to
  // say it.
  std::optional<Failure> LearnSchema(const feed::SourcePosition& position) {
    schema::History& history = context_.schema;
    history.Follow(tables_);
    history.AcceptCascades(AcceptedCascades());
    history.Begin(StartOf(position, primary_.server_uid));
    if (!history.wants_present()) return std::nullopt;
    MariadbSchema server(primary_, *head_, position, server_id_);
    const absl::Status learned = schema::Learn(server, history);
    if (!learned.ok()) return Failure{AfterDatabase(learned), learned};
    context_.log.Info("learned the tables' definitions",
                      {{"source", context_.settings.source}, {"position", position.ToString()}});
    return std::nullopt;
  }

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
  sources::PrimarySettings settings_;
  const std::set<std::string> tables_;
  sources::Primary primary_;  // its session goes to the stream
  std::string host_;          // that is read
  std::optional<sources::HeadReader> head_;
  std::unique_ptr<sources::EventStream> binlog_;
  const binlog::Reader* reader_ = nullptr;  // of it, while it is read

  TableReading* reading_ = nullptr;
  std::optional<MariadbTables> tables_reader_;
  std::optional<BinlogPlace> place_;                          // how far the binlog was followed
  std::optional<std::pair<TableTask, PlacedChunk>> waiting_;  // rows that stand further on
  feed::Backoff in_use_{kInUse, kInUseMax, server_id_};       // of a table that is
  absl::Time not_before_ = absl::InfinitePast();              // the next rows
};

}  // namespace

std::unique_ptr<Follower> NewMariadbFollower(const FollowerContext& context) {
  return std::make_unique<MariadbFollower>(context);
}

sources::PrimarySettings ToPrimarySettings(const policy::v1::Source& source) {
  if (source.has_mariadb()) return SettingsOf(source.mariadb(), sources::Flavor::kMariadb);
  const bool has_gtids = source.mysql().positions() != policy::v1::POSITIONS_FILES;
  return SettingsOf(source.mysql(),
                    has_gtids ? sources::Flavor::kMysql : sources::Flavor::kMysqlFiles);
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
