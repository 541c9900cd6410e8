// How much of a file of a store somebody wrote.
#ifndef TESTS_STORE_WRITTEN_BYTES_H_
#define TESTS_STORE_WRITTEN_BYTES_H_

#include <cstdint>
#include <filesystem>

namespace fundgate::store::testing {

// The file's size; of a write-ahead log without the zeros that are laid out ahead.
uint64_t WrittenBytes(const std::filesystem::path& file);

}  // namespace fundgate::store::testing

#endif  // TESTS_STORE_WRITTEN_BYTES_H_
