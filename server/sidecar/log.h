// What the sidecar tells the people who run it: one line each, readable by machines too.
#ifndef SERVER_SIDECAR_LOG_H_
#define SERVER_SIDECAR_LOG_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

namespace fundgate::sidecar {

enum class Severity : uint8_t { kInfo, kWarning, kError };

// "INFO", "WARNING", "ERROR".
std::string_view NameOf(Severity severity);

// A fact beside the sentence.
struct Field {
  std::string_view name;
  std::string value;
};

// Takes whole lines, without an end of line, from any thread.
using LogSink = std::function<void(Severity severity, std::string_view line)>;

// A line is the sentence and then NAME=VALUE for each field; a value that is empty or has spaces,
// quotes, equals signs or control bytes is put in double quotes and escaped as in C.
//
// Thread safety: all methods may be called from any threads at once, if the sink may.
class Log {
 public:
  explicit Log(LogSink sink) : sink_(std::move(sink)) {}

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

 private:
  void Write(Severity severity, std::string_view sentence,
             std::initializer_list<Field> fields) const;

  LogSink sink_;
};

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_LOG_H_
