// The chain that ties each journal record to all before it.
#ifndef SERVER_STORE_HASH_CHAIN_H_
#define SERVER_STORE_HASH_CHAIN_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace fundgate::store {

inline constexpr size_t kHashBytes = 32;
using Hash = std::array<uint8_t, kHashBytes>;

// What the first record is tied to.
inline constexpr Hash kGenesis{};

// SHA-256 (FIPS 180-4) by OpenSSL. Keeps a context, so that hashing a record allocates nothing.
// Used by one thread.
class HashChain {
 public:
  HashChain();
  ~HashChain();

  // SHA-256(previous || record): the record's own hash.
  Hash Next(const Hash& previous, std::string_view record);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// Lower-case hexadecimal.
std::string ToHex(const Hash& hash);

inline std::string_view AsBytes(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace fundgate::store

#endif  // SERVER_STORE_HASH_CHAIN_H_
