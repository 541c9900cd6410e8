// Places in the binlog of a server without GTIDs, as the text of a position. No I/O.
#ifndef SERVER_SIDECAR_SOURCES_FILE_POSITION_H_
#define SERVER_SIDECAR_SOURCES_FILE_POSITION_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fundgate::sources {

// Everything before a byte of a binlog file.
struct FilePlace {
  std::string file;  // "mysql-bin.000012"
  uint64_t offset = 0;

  friend bool operator==(const FilePlace&, const FilePlace&) = default;
};

// All files of a server are one stream, "mysql-bin@UUID": what a place means depends on the server.
// Its numbers grow from file to file: the file's own number times 2^32, plus the offset.
std::string StreamOf(const FilePlace& place, std::string_view server_uuid);
// INVALID_ARGUMENT if the file has no number, or the offset doesn't fit below 2^32, as MySQL's own
// events don't say it then.
absl::StatusOr<uint64_t> NumberOf(const FilePlace& place);

// STREAM:NUMBER. Fails as NumberOf() does.
absl::StatusOr<std::string> FilePositionOf(const FilePlace& place, std::string_view server_uuid);
// The place of such a text; of an empty one the beginning of the oldest file, which has no name.
// INVALID_ARGUMENT if it is none.
absl::StatusOr<FilePlace> PlaceOf(std::string_view position);

}  // namespace fundgate::sources

#endif  // SERVER_SIDECAR_SOURCES_FILE_POSITION_H_
