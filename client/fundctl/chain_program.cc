#include "client/fundctl/chain_program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

extern char** environ;

namespace fundgate::fundctl {
namespace {

// All that comes until the other end is closed.
std::string ReadAll(int file) {
  std::string text;
  std::array<char, 4096> bytes{};
  while (true) {
    const ssize_t got = ::read(file, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(bytes.data(), static_cast<size_t>(got));
  }
}

int ExitCodeOf(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

std::string BesideThis(const std::string& program) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error && std::filesystem::exists(self.parent_path() / program, error)) {
    return self.parent_path() / program;
  }
  return program;
}

absl::StatusOr<std::string> VerifyChain(const std::string& fundgated, const std::string& folder) {
  std::string name = fundgated;
  std::string option = "--verify-chain";
  std::string argument = folder;
  std::array<char*, 4> arguments = {name.data(), option.data(), argument.data(), nullptr};
  std::array<int, 2> ends = {-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return absl::UnavailableError(std::strerror(errno));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  pid_t child = 0;
  const int failed =
      ::posix_spawnp(&child, name.c_str(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  const std::string said = failed == 0 ? ReadAll(ends[0]) : "";
  ::close(ends[0]);
  if (failed != 0) {
    return absl::UnavailableError(absl::StrCat(
        "can't run ", fundgated, ": ", std::strerror(failed),
        "; it reads the chain: name it with --fundgated, or leave the chain out with --files"));
  }
  const int code = ExitCodeOf(child);
  const std::string line(absl::StripSuffix(said, "\n"));
  if (code == 0) return line;
  if (!line.empty()) return absl::DataLossError(line);
  return absl::UnavailableError(
      absl::StrCat(fundgated, " --verify-chain ", folder, " ended with ", code));
}

}  // namespace fundgate::fundctl
