// Real processes for tests: each in a folder of its own, on a free port, and always ended.
#ifndef TESTS_END_TO_END_PROCESSES_H_
#define TESTS_END_TO_END_PROCESSES_H_

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

namespace fundgate::end_to_end {

// A folder that goes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// One child process. Its stdout can be read line by line; its stderr is the test's.
class Process {
 public:
  explicit Process(const std::vector<std::string>& command);
  ~Process();  // kills it if it still runs
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // The next line of its stdout, without the end of line; empty once it has closed it.
  std::string ReadLine();

  // The rest of its stdout, until it has closed it.
  std::string ReadAll();

  pid_t id() const { return id_; }  // 0 once it was waited for

  // Sends a signal to this process and no other.
  void Signal(int signal);

  // SIGSTOP: returns once none of its threads runs any more, which may be later than the signal.
  void Freeze();
  void Thaw() { Signal(SIGCONT); }

  // Waits for its end: its exit code, or minus the signal that ended it.
  int Wait();

 private:
  pid_t id_ = 0;  // 0 once it was waited for
  int exit_code_ = 0;
  int output_ = -1;
};

// A gate that serves: the constructor returns once it does. Fails the test if it doesn't.
class GateProcess {
 public:
  // On the store in `folder`, with the worked example's policy unless `options` name another.
  explicit GateProcess(const std::string& folder, const std::vector<std::string>& options = {});

  const std::string& address() const { return address_; }
  Process& process() { return process_; }

 private:
  Process process_;
  std::string address_;
};

// Exit code of `fundgated --verify`.
int Verify(const std::string& folder);

// The most memory that the process ever had, in MiB.
int64_t PeakMemoryMib(pid_t process);

// Processor time that all its threads have used so far.
double ProcessorSeconds(pid_t process);

// How often a test repeats what it does: the environment's number of that name, else `usual`.
int Rounds(const char* name, int usual);

}  // namespace fundgate::end_to_end

#endif  // TESTS_END_TO_END_PROCESSES_H_
