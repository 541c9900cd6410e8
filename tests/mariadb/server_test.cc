#include "tests/mariadb/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fundgate::mariadb_testing {
namespace {

TEST(MariaDbServer, KeepsWhatWasCommittedThroughAKillAndARestartOnTheSamePort) {
  Server server;
  const uint16_t port = server.port();
  server.Execute("CREATE DATABASE d");
  server.Execute("CREATE TABLE d.t(a INT PRIMARY KEY, b BLOB)");
  server.Execute("INSERT INTO d.t VALUES(1, x'00ff'), (2, NULL)");
  server.Kill();
  EXPECT_EQ(server.process_id(), 0);
  ASSERT_TRUE(server.Start().ok());
  EXPECT_EQ(server.port(), port);
  const auto rows = server.Query("SELECT a, b FROM d.t ORDER BY a");
  ASSERT_TRUE(rows.ok()) << rows.status();
  const std::string bytes("\0\xff", 2);
  EXPECT_EQ(*rows, (Rows{{"1", bytes}, {"2", std::nullopt}}));
  EXPECT_EQ(server.BinlogFiles().size(), 2U);
}

TEST(MariaDbServer, AnErrorNamesTheStatement) {
  Server server;
  const auto rows = server.Query("SELECT nothing");
  EXPECT_THAT(rows.status().message(), testing::HasSubstr("in: SELECT nothing"));
}

}  // namespace
}  // namespace fundgate::mariadb_testing
