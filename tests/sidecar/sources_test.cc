// What is decided about a database without one.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/sidecar/sources/mariadb/database_error.h"
#include "server/sidecar/sources/mariadb/mariadb_session.h"
#include "server/sidecar/sources/mariadb/server_settings.h"
#include "server/sidecar/sources/password_file.h"

namespace fundgate::sources {
namespace {

ServerVariables Good() {
  return {{"log_bin", "ON"},
          {"log_bin_basename", "/var/lib/mysql/mariadb-bin"},
          {"binlog_format", "ROW"},
          {"binlog_row_image", "FULL"},
          {"binlog_checksum", "CRC32"},
          {"sync_binlog", "1"},
          {"gtid_strict_mode", "ON"},
          {"binlog_annotate_row_events", "ON"},
          {"server_id", "1"},
          {"read_only", "OFF"}};
}

bool Says(const absl::Status& status, std::string_view what) {
  return status.ToString().find(what) != std::string::npos;
}

TEST(ServerSettings, AServerThatLogsEverythingPasses) {
  EXPECT_TRUE(CheckServerSettings(Good(), 42).ok());
}

TEST(ServerSettings, EachWrongOneIsNamedWithTheLineThatSetsItRight) {
  for (const auto& [name, wrong] : ServerVariables{{"log_bin", "OFF"},
                                                   {"binlog_format", "MIXED"},
                                                   {"binlog_row_image", "MINIMAL"},
                                                   {"binlog_checksum", "NONE"},
                                                   {"sync_binlog", "0"},
                                                   {"gtid_strict_mode", "OFF"},
                                                   {"binlog_annotate_row_events", "OFF"}}) {
    ServerVariables variables = Good();
    variables[name] = wrong;
    const absl::Status status = CheckServerSettings(variables, 42);
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << name;
    EXPECT_TRUE(Says(status, absl::StrCat(name, " is ", wrong))) << status;
    EXPECT_TRUE(Says(status, "set: " + name)) << status;
    variables.erase(name);
    EXPECT_TRUE(Says(CheckServerSettings(variables, 42), name + " is unknown")) << name;
  }
}

TEST(ServerSettings, AllThatIsWrongIsSaidAtOnce) {
  ServerVariables variables = Good();
  variables["sync_binlog"] = "0";
  variables["gtid_strict_mode"] = "OFF";
  variables["log_bin_basename"] = "/data/bin";
  const absl::Status status = CheckServerSettings(variables, 1);
  for (const char* part :
       {"sync_binlog", "gtid_strict_mode", "base name is \"bin\"", "another --server-id"}) {
    EXPECT_TRUE(Says(status, part)) << part << ": " << status;
  }
}

// MySQL 5.6, which doesn't know what is needed of later ones.
ServerVariables GoodMysql() {
  return {{"version", "5.6.24-log"},    {"log_bin", "ON"},
          {"gtid_mode", "ON"},          {"enforce_gtid_consistency", "ON"},
          {"log_slave_updates", "ON"},  {"binlog_format", "ROW"},
          {"binlog_row_image", "FULL"}, {"binlog_checksum", "CRC32"},
          {"sync_binlog", "1"},         {"server_id", "1"},
          {"read_only", "OFF"}};
}

TEST(MysqlServerSettings, AServerThatLogsEverythingPasses) {
  EXPECT_TRUE(CheckServerSettings(GoodMysql(), 42, Flavor::kMysql).ok());
  ServerVariables later = GoodMysql();
  later["binlog_transaction_compression"] = "ON";  // the decoder unpacks it
  later["binlog_row_value_options"] = "";
  EXPECT_TRUE(CheckServerSettings(later, 42, Flavor::kMysql).ok());
}

TEST(MysqlServerSettings, PlacesInFilesAreForServersWithoutGtids) {
  ServerVariables variables = GoodMysql();
  EXPECT_TRUE(Says(CheckServerSettings(variables, 42, Flavor::kMysqlFiles), "gtid_mode is ON"));
  for (const char* gtids : {"gtid_mode", "enforce_gtid_consistency", "log_slave_updates"}) {
    variables[gtids] = "OFF";
  }
  EXPECT_TRUE(CheckServerSettings(variables, 42, Flavor::kMysqlFiles).ok());
  variables["sync_binlog"] = "0";
  EXPECT_TRUE(Says(CheckServerSettings(variables, 42, Flavor::kMysqlFiles), "sync_binlog is 0"));
}

TEST(MysqlServerSettings, AllThatIsWrongIsSaidAtOnce) {
  ServerVariables variables = GoodMysql();
  variables["gtid_mode"] = "OFF";
  variables["binlog_row_value_options"] = "PARTIAL_JSON";
  variables["sync_binlog"] = "0";
  variables.erase("binlog_checksum");
  const absl::Status status = CheckServerSettings(variables, 1, Flavor::kMysql);
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  for (const char* what :
       {"gtid_mode is OFF", "binlog_row_value_options is PARTIAL_JSON, but must be empty",
        "sync_binlog is 0", "binlog_checksum is unknown", "server_id is 1", "under [mysqld]"}) {
    EXPECT_TRUE(Says(status, what)) << what << " in " << status;
  }
}

TEST(ServerSettings, AServerOfTheOtherKindIsNamed) {
  ServerVariables mariadb = Good();
  mariadb["version"] = "10.11.19-MariaDB-log";
  EXPECT_TRUE(CheckServerSettings(mariadb, 42).ok());
  EXPECT_TRUE(Says(CheckServerSettings(mariadb, 42, Flavor::kMysql), "write `mariadb`"));
  EXPECT_TRUE(Says(CheckServerSettings(GoodMysql(), 42), "write `mysql`"));
}

TEST(ServerSettings, AReplicaIsReadOnly) {
  ServerVariables variables = Good();
  EXPECT_FALSE(IsReadOnly(variables));
  variables["read_only"] = "ON";
  EXPECT_TRUE(IsReadOnly(variables));
}

TEST(DatabaseErrors, SayWhatToDoByTheirCode) {
  struct Row {
    unsigned number;
    const char* text;
    absl::StatusCode code;
  };
  for (const Row& row : {
           Row{2013, "Lost connection", absl::StatusCode::kUnavailable},
           Row{2002, "Can't connect", absl::StatusCode::kUnavailable},
           Row{5021, "Malformed packet", absl::StatusCode::kUnavailable},
           Row{1236, "Could not find GTID state", absl::StatusCode::kOutOfRange},
           Row{1236, "event read from binlog did not pass crc check", absl::StatusCode::kDataLoss},
           Row{1236, "A slave with the same server_uuid as this slave has connected to the master",
               absl::StatusCode::kAborted},
           Row{5018, "", absl::StatusCode::kDataLoss},
           Row{4052, "A slave with the same server_id", absl::StatusCode::kAborted},
           Row{1045, "Access denied", absl::StatusCode::kPermissionDenied},
           Row{1227, "Access denied", absl::StatusCode::kPermissionDenied},
           Row{1941, "Could not parse GTID list", absl::StatusCode::kInvalidArgument},
           Row{9999, "new", absl::StatusCode::kInternal},
       }) {
    const absl::Status status = DatabaseError("reading", row.number, row.text);
    EXPECT_EQ(status.code(), row.code) << row.number << " " << row.text;
    EXPECT_TRUE(Says(status, std::to_string(row.number)));
  }
}

TEST(DatabaseErrors, ALostPositionSaysThatASnapshotIsNeeded) {
  EXPECT_TRUE(Says(DatabaseError("reading", 1236, "purged"), "from a snapshot"));
}

TEST(Endpoints, AreHostAndPort) {
  EXPECT_EQ(ParseEndpoint("db.example:3306")->host, "db.example");
  EXPECT_EQ(ParseEndpoint("[::1]:3306")->host, "::1");
  EXPECT_EQ(ParseEndpoint("[::1]:3306")->ToString(), "[::1]:3306");
  for (const char* wrong : {"", "db", ":3306", "db:", "db:0", "db:65536", "db:x"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseEndpoint(wrong).status())) << wrong;
  }
}

class PasswordFile : public ::testing::Test {
 protected:
  // Writes it with these rights and reads it.
  absl::StatusOr<std::string> Read(const std::string& content, mode_t mode = S_IRUSR | S_IWUSR) {
    std::filesystem::remove(path_);
    std::ofstream(path_, std::ios::binary) << content;
    ::chmod(path_.c_str(), mode);
    return ReadPasswordFile(path_);
  }
  ~PasswordFile() override { std::filesystem::remove(path_); }

  const std::string path_ = ::testing::TempDir() + "fundgate-password";
};

TEST_F(PasswordFile, ItsOnlyLineIsThePasswordWithoutTheEndOfLine) {
  EXPECT_EQ(*Read("se cret"), "se cret");
  EXPECT_EQ(*Read("secret\n"), "secret");
  EXPECT_EQ(*Read("secret\r\n"), "secret");
}

TEST_F(PasswordFile, OthersMayNotReadIt) {
  const absl::Status status = Read("secret\n", S_IRUSR | S_IRGRP).status();
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_TRUE(Says(status, "chmod 600 " + path_));
  EXPECT_FALSE(Says(status, "secret\n"));
}

TEST_F(PasswordFile, EmptyLongOrSeveralLinesAreRefusedWithoutTheContent) {
  for (const std::string& content :
       {std::string(), std::string("\n"), std::string("hush\nhush\n"), std::string(5000, 'x')}) {
    const absl::Status status = Read(content).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_TRUE(Says(status, path_));
    EXPECT_FALSE(Says(status, "hush"));
  }
}

TEST_F(PasswordFile, AMissingOneIsNamed) {
  const absl::Status status = ReadPasswordFile("/nowhere/password").status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_TRUE(Says(status, "/nowhere/password"));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadPasswordFile("/tmp").status()));
}

}  // namespace
}  // namespace fundgate::sources
