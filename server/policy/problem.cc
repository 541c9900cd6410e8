#include "server/policy/problem.h"

#include <algorithm>

namespace fundgate::policy {

std::string Render(std::span<const Problem> problems) {
  std::string text;
  for (const Problem& problem : problems) {
    text += problem.file;
    if (problem.line > 0) {
      text += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
    }
    text += ": " + problem.message + "\n";
  }
  return text;
}

Places::Place Places::Find(std::string_view path) const {
  while (true) {
    const auto found = places_.find(std::string(path));
    if (found != places_.end()) return found->second;
    const size_t cut = path.find_last_of(".[");
    if (cut == std::string_view::npos) return {{1, 1}, {1, 1}, false};
    path = path.substr(0, cut);
  }
}

void Problems::At(Mark mark, std::string message) {
  if (found_.size() > kMaxProblems) return;
  if (found_.size() == kMaxProblems) message = "there are more problems than are listed here";
  found_.push_back({file_, mark.line, mark.column, std::move(message)});
}

void Problems::AtKey(const Places& places, std::string_view path, std::string message) {
  At(places.Find(path).key, std::move(message));
}

void Problems::AtValue(const Places& places, std::string_view path, std::string message,
                       size_t offset) {
  const Places::Place place = places.Find(path);
  const int shift = place.exact && places.Has(path) ? static_cast<int>(offset) : 0;
  At({place.value.line, place.value.column + shift}, std::move(message));
}

std::vector<Problem> Problems::Take() && {
  std::stable_sort(found_.begin(), found_.end(), [](const Problem& a, const Problem& b) {
    return a.line != b.line ? a.line < b.line : a.column < b.column;
  });
  std::vector<Problem> unique;
  for (Problem& problem : found_) {
    if (std::find(unique.begin(), unique.end(), problem) == unique.end()) {
      unique.push_back(std::move(problem));
    }
  }
  return unique;
}

}  // namespace fundgate::policy
