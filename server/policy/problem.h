// What is wrong with a policy document, and where.
#ifndef SERVER_POLICY_PROBLEM_H_
#define SERVER_POLICY_PROBLEM_H_

#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fundgate::policy {

// Problems kept of one document; a last one says that there are more.
inline constexpr size_t kMaxProblems = 1000;

struct Problem {
  std::string file;
  int line = 0;         // from 1; 0: no place of its own
  int column = 0;       // in bytes, from 1; 0: no place of its own
  std::string message;  // a sentence without the place

  friend auto operator<=>(const Problem&, const Problem&) = default;
};

// "file:line:column: message", one a line.
std::string Render(std::span<const Problem> problems);

struct Mark {
  int line = 0;
  int column = 0;
};

// Where the fields of a document stand in its text, by path: "books.order.key[1]".
class Places {
 public:
  struct Place {
    Mark key;            // of the name in front of the value; of list elements the value itself
    Mark value;          // of its first byte, behind an opening quote
    bool exact = false;  // the value stands in the text letter by letter, on one line
  };

  void Set(std::string path, Place place) { places_[std::move(path)] = place; }

  // The place of the path, or of the nearest field around it.
  Place Find(std::string_view path) const;
  bool Has(std::string_view path) const { return places_.count(std::string(path)) > 0; }

  // Something was wrong inside the value: what is missing of it is not called wrong again.
  void MarkUnread(std::string path) { unread_.insert(std::move(path)); }
  // True if the field is there and nothing was wrong with its form.
  bool IsRead(const std::string& path) const { return Has(path) && unread_.count(path) == 0; }

  // False if nothing of the document could be read.
  bool HasAny() const { return !places_.empty(); }

  // A section that could not be read whole: what refers to it is not called unknown.
  void MarkDamaged(std::string section) { damaged_.insert(std::move(section)); }
  bool IsDamaged(const std::string& section) const { return damaged_.count(section) > 0; }

 private:
  std::map<std::string, Place> places_;
  std::set<std::string> unread_;
  std::set<std::string> damaged_;
};

// Collects problems, each at the place of a field.
class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  void At(Mark mark, std::string message);
  // At the field's name, or at its value; `offset` bytes into it where the text allows.
  void AtKey(const Places& places, std::string_view path, std::string message);
  void AtValue(const Places& places, std::string_view path, std::string message, size_t offset = 0);

  bool empty() const { return found_.empty(); }
  size_t count() const { return found_.size(); }
  // By place, each once.
  std::vector<Problem> Take() &&;

 private:
  std::string file_;
  std::vector<Problem> found_;
};

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_PROBLEM_H_
