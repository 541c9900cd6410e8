#include "tests/end_to_end/processes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/places/places.h"

namespace fundgate::end_to_end {
namespace {

std::vector<std::string> GateCommand(const std::string& folder,
                                     const std::vector<std::string>& options) {
  std::vector<std::string> command = {places::Program("fundgated"), "--data", folder, "--listen",
                                      "127.0.0.1:0"};
  if (std::find(options.begin(), options.end(), "--policy") == options.end()) {
    command.insert(command.end(), {"--policy", places::Source("config/policy.yaml")});
  }
  command.insert(command.end(), options.begin(), options.end());
  return command;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string folder = std::filesystem::temp_directory_path() / "fundgate-process-XXXXXX";
  path_ = ::mkdtemp(folder.data());
}

TemporaryFolder::~TemporaryFolder() { std::filesystem::remove_all(path_); }

Process::Process(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t parent = ::getpid();
  id_ = ::fork();
  if (id_ == 0) {
    // Ends with the test, however that ends.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    ::dup2(ends[1], STDOUT_FILENO);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  output_ = ends[0];
}

Process::~Process() {
  Signal(SIGKILL);
  Wait();
  ::close(output_);
}

std::string Process::ReadLine() {
  std::string line;
  char byte = 0;
  while (true) {
    const ssize_t got = ::read(output_, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || byte == '\n') return line;
    line.push_back(byte);
  }
}

std::string Process::ReadAll() {
  std::string text;
  char bytes[4096];
  while (true) {
    const ssize_t got = ::read(output_, bytes, sizeof(bytes));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(bytes, static_cast<size_t>(got));
  }
}

void Process::Signal(int signal) {
  if (id_ > 0) ::kill(id_, signal);
}

void Process::Freeze() {
  Signal(SIGSTOP);
  siginfo_t stopped;
  ::waitid(P_PID, static_cast<id_t>(id_), &stopped, WSTOPPED | WEXITED | WNOWAIT);
}

int Process::Wait() {
  if (id_ <= 0) return exit_code_;
  int status = 0;
  while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
  }
  id_ = 0;
  exit_code_ = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  return exit_code_;
}

GateProcess::GateProcess(const std::string& folder, const std::vector<std::string>& options)
    : process_(GateCommand(folder, options)) {
  const std::string begin = "fundgated: serving on ";
  const std::string line = process_.ReadLine();
  EXPECT_EQ(line.substr(0, begin.size()), begin);
  if (line.size() > begin.size()) {
    address_ = line.substr(begin.size(), line.find(" (") - begin.size());
  }
}

int Verify(const std::string& folder) {
  Process verify({places::Program("fundgated"), "--verify", folder});
  while (!verify.ReadLine().empty()) {
  }
  return verify.Wait();
}

int64_t PeakMemoryMib(pid_t process) {
  std::ifstream status(absl::StrCat("/proc/", process, "/status"));
  for (std::string word; status >> word;) {
    int64_t kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib / 1024;
  }
  return 0;
}

double ProcessorSeconds(pid_t process) {
  // The 14th and the 15th word; the second is the name, and may hold spaces.
  constexpr int kWordsBehindName = 11;
  std::ifstream stat(absl::StrCat("/proc/", process, "/stat"));
  std::string text((std::istreambuf_iterator<char>(stat)), std::istreambuf_iterator<char>());
  std::istringstream words(text.substr(std::min(text.rfind(')') + 1, text.size())));
  std::string word;
  for (int i = 0; i < kWordsBehindName; ++i) words >> word;
  int64_t user = 0;
  int64_t system = 0;
  words >> user >> system;
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

int Rounds(const char* name, int usual) {
  const char* set = std::getenv(name);
  int rounds = 0;
  return set != nullptr && absl::SimpleAtoi(set, &rounds) && rounds > 0 ? rounds : usual;
}

}  // namespace fundgate::end_to_end
