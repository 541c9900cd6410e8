// SHA-256 (FIPS 180-4) of what comes in pieces, by OpenSSL.
#ifndef BACKUP_FILE_HASH_H_
#define BACKUP_FILE_HASH_H_

#include <memory>
#include <string>
#include <string_view>

namespace fundgate::backup {

// Used by one thread.
class FileHash {
 public:
  FileHash();
  ~FileHash();

  void Add(std::string_view bytes);
  // 32 bytes. Nothing may be added afterwards.
  std::string Finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace fundgate::backup

#endif  // BACKUP_FILE_HASH_H_
