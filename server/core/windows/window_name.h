// The name of a window.
#ifndef SERVER_CORE_WINDOWS_WINDOW_NAME_H_
#define SERVER_CORE_WINDOWS_WINDOW_NAME_H_

#include <compare>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace fundgate::core {

// WindowDefinition::name. Copies share the text: there are few names, and every check copies some.
class WindowName {
 public:
  WindowName() = default;  // the empty name
  explicit WindowName(std::string value)
      : value_(std::make_shared<const std::string>(std::move(value))) {}

  const std::string& value() const {
    static const std::string kEmpty;
    return value_ == nullptr ? kEmpty : *value_;
  }

  friend bool operator==(const WindowName& a, const WindowName& b) {
    return a.value_ == b.value_ || a.value() == b.value();
  }
  friend bool operator==(const WindowName& name, std::string_view text) {
    return name.value() == text;
  }
  friend std::strong_ordering operator<=>(const WindowName& a, const WindowName& b) {
    if (a.value_ == b.value_) return std::strong_ordering::equal;
    return a.value() <=> b.value();
  }
  template <typename H>
  friend H AbslHashValue(H h, const WindowName& name) {
    return H::combine(std::move(h), name.value());
  }
  friend std::ostream& operator<<(std::ostream& out, const WindowName& name) {
    return out << name.value();
  }

 private:
  std::shared_ptr<const std::string> value_;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_WINDOWS_WINDOW_NAME_H_
