// A real MariaDB or MySQL for tests: in a temporary folder, on a free port, ended by its process
// id.
#ifndef TESTS_MARIADB_SERVER_H_
#define TESTS_MARIADB_SERVER_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct st_mysql;  // Connector/C's MYSQL

namespace fundgate::mariadb_testing {

// Rows of a result as text; an empty optional is SQL NULL. Bytes are bytes.
using Rows = std::vector<std::vector<std::optional<std::string>>>;

enum class Kind : uint8_t {
  kMariadb,
  kMysql,  // 5.6 with GTIDs, out of the folder that FUNDGATE_MYSQL names, else where tools/install
           // puts it
};

// Whether the programs that Server needs are there: tools/install brings them.
bool Installed(Kind kind = Kind::kMariadb);

// A server of its own. It writes a binlog as the sidecar asks for: ROW, full images and metadata,
// CRC32, sync_binlog=1. The account root without a password may connect over TCP from 127.0.0.1.
// Not safe for several threads; what connects to port() is free to.
class Server {
 public:
  // Makes the data folder and starts the server. `options` come after the defaults and win over
  // them, e.g. "--log-bin-compress=1". Fails the running test if the server doesn't come up.
  explicit Server(std::vector<std::string> options = {}, Kind kind = Kind::kMariadb);
  ~Server();  // kills the server if it runs, and removes the folder
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const std::string& folder() const { return folder_; }  // data/ and server.log lie here
  uint16_t port() const { return port_; }                // the same after a restart
  std::string socket() const { return folder_ + "/s"; }
  std::string tmpdir() const { return folder_ + "/tmp"; }
  pid_t process_id() const { return process_id_; }  // 0 while it doesn't run

  // From the next start on.
  void AddOption(std::string option) { options_.push_back(std::move(option)); }

  absl::Status Start();  // returns once it accepts connections; nothing to do while it runs
  void Kill();           // SIGKILL, as a crash would; returns once it is gone
  void Stop();           // SIGTERM: a clean shutdown; returns once it is gone
  void Freeze();         // SIGSTOP; once it returns, it keeps its connections and says nothing
  void Thaw();           // SIGCONT

  // Runs one statement as root over a connection that stays open until Kill or Stop.
  absl::StatusOr<Rows> Query(const std::string& sql);
  // The same for statements whose rows nobody wants. Fails the running test, naming the statement.
  void Execute(const std::string& sql);
  // What is committed: the GTIDs of its binlog.
  std::string Head();
  // Paths of the binlog files, oldest first.
  std::vector<std::string> BinlogFiles();
  // Removes all of them but the newest. A server keeps a file without saying so while a reader
  // that has gone still counts as one, or until the engines have noted that they don't need it:
  // it is asked until only one is left.
  void PurgeBinlogs();

 private:
  void MakeData();
  std::vector<std::string> Command() const;
  void End(int signal);
  absl::Status Connect();

  const Kind kind_;
  std::vector<std::string> options_;
  std::string folder_;
  uint16_t port_ = 0;
  pid_t process_id_ = 0;
  st_mysql* connection_ = nullptr;
};

}  // namespace fundgate::mariadb_testing

#endif  // TESTS_MARIADB_SERVER_H_
