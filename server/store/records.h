// Stored values: a version byte, then the record's fields.
#ifndef SERVER_STORE_RECORDS_H_
#define SERVER_STORE_RECORDS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/store/codec.h"
#include "server/store/fields.h"

namespace fundgate::store {

// Into a string that is used again, instead of what it held.
template <typename Record>
void EncodeRecordInto(const Record& record, std::string& bytes) {
  bytes.assign(1, static_cast<char>(kRecordVersion));
  Encoder encode(bytes);
  encode(record);
}

template <typename Record>
std::string EncodeRecord(const Record& record) {
  std::string bytes;
  EncodeRecordInto(record, bytes);
  return bytes;
}

// DATA_LOSS for bytes that are no such record.
template <typename Record>
absl::StatusOr<Record> DecodeRecord(std::string_view bytes) {
  if (bytes.empty() || static_cast<uint8_t>(bytes.front()) == 0 ||
      static_cast<uint8_t>(bytes.front()) > kRecordVersion) {
    return absl::DataLossError("a stored record has no version this program knows");
  }
  Decoder decode(bytes.substr(1), static_cast<uint8_t>(bytes.front()));
  Record record;
  decode(record);
  if (!decode.complete()) {
    return absl::DataLossError(
        absl::StrCat("a stored record of ", bytes.size(), " bytes can't be read"));
  }
  return record;
}

}  // namespace fundgate::store

#endif  // SERVER_STORE_RECORDS_H_
