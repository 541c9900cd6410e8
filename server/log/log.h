// What a process tells the people who run it: one line each, readable by machines too.
#ifndef SERVER_LOG_LOG_H_
#define SERVER_LOG_LOG_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"

namespace fundgate::logging {

enum class Severity : uint8_t { kInfo, kWarning, kError };

// "INFO", "WARNING", "ERROR".
std::string_view NameOf(Severity severity);

// A fact beside the sentence. Names are the same wherever the same thing is meant: decision_id,
// trace_id, account, order, source, position, reason.
struct Field {
  std::string_view name;
  std::string value;
};

struct Line {
  Severity severity = Severity::kInfo;
  std::string_view sentence;
  std::span<const Field> fields;
};

// The sentence and then NAME=VALUE for each field; a value that is empty or has spaces, quotes,
// equals signs or control bytes is put in double quotes and escaped as in C. Without an end of
// line.
std::string ToText(const Line& line);

// One JSON object with time, process, severity, message, and each field under its name. What is no
// UTF-8 is escaped as in C. Without an end of line.
std::string ToJson(const Line& line, absl::Time time, std::string_view process);

// Takes lines from any thread.
using Sink = std::function<void(const Line& line)>;

// Thread safety: all methods may be called from any threads at once, if the sink may.
class Log {
 public:
  explicit Log(Sink sink) : sink_(std::move(sink)) {}

  void Info(std::string_view sentence, std::initializer_list<Field> fields = {}) const {
    Write(Severity::kInfo, sentence, fields);
  }
  // Something that heals by itself but that somebody may want to know.
  void Warning(std::string_view sentence, std::initializer_list<Field> fields = {}) const {
    Write(Severity::kWarning, sentence, fields);
  }
  // Something that a person must look at.
  void Error(std::string_view sentence, std::initializer_list<Field> fields = {}) const {
    Write(Severity::kError, sentence, fields);
  }
  void Write(Severity severity, std::string_view sentence, std::span<const Field> fields) const {
    sink_({severity, sentence, fields});
  }

 private:
  Sink sink_;
};

}  // namespace fundgate::logging

#endif  // SERVER_LOG_LOG_H_
