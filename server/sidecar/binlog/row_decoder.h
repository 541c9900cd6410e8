// From the bytes of a row image to values.
#ifndef SERVER_SIDECAR_BINLOG_ROW_DECODER_H_
#define SERVER_SIDECAR_BINLOG_ROW_DECODER_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "server/sidecar/binlog/arena.h"
#include "server/sidecar/binlog/bytes.h"
#include "server/sidecar/binlog/charset.h"
#include "server/sidecar/binlog/table_map.h"
#include "server/sidecar/binlog/value.h"

namespace fundgate::binlog {

// One image after another. `present` has a bit a column, least significant first: those that the
// images of this event hold. A value whose text isn't valid in its character set, or whose
// character set isn't known, comes as kBytes. BINARY comes filled up to its length, but UUID, INET4
// and INET6 are BINARY to a binlog: nothing tells them apart. Strings without a known character set
// aren't filled up.
class RowDecoder {
 public:
  // Reads one image into `values`, one a column, whose texts lie in `arena` or in `in`'s bytes.
  // False: the bytes don't fit the table, and problem() says how; `in` stands anywhere.
  bool Decode(const MappedTable& mapped, std::span<const uint8_t> present, Bytes& in, Arena& arena,
              std::vector<Value>& values);

  // Moves over one image without making values of it. False as above.
  bool Skip(const MappedTable& mapped, std::span<const uint8_t> present, Bytes& in);

  const std::string& problem() const { return problem_; }
  Transcoder& transcoder() { return transcoder_; }

 private:
  bool DecodeColumn(const ColumnPlan& plan, const Column& column, Bytes& in, Arena& arena,
                    Value& value);
  void DecodeLabels(const ColumnPlan& plan, const Column& column, Bytes& in, Arena& arena,
                    Value& value);
  bool DecodeText(const ColumnPlan& plan, std::string_view bytes, Arena& arena, Value& value);
  bool DecodeString(const ColumnPlan& plan, Bytes& in, Arena& arena, Value& value);
  bool Misfit(const MappedTable& mapped, size_t column, const char* what);

  Transcoder transcoder_;
  std::string problem_;
};

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_ROW_DECODER_H_
