// A folder that goes with the object.
#ifndef TESTS_SECURITY_TEMPORARY_FOLDER_H_
#define TESTS_SECURITY_TEMPORARY_FOLDER_H_

#include <cstdlib>
#include <filesystem>
#include <string>

namespace fundgate::security::testing {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string folder = std::filesystem::temp_directory_path() / "fundgate-security-XXXXXX";
    path_ = ::mkdtemp(folder.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace fundgate::security::testing

#endif  // TESTS_SECURITY_TEMPORARY_FOLDER_H_
