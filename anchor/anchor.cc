#include "anchor/anchor.h"

#include <cstddef>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/time_util.h"

namespace fundgate::anchor {
namespace {

using google::protobuf::util::TimeUtil;

constexpr size_t kHashBytes = 32;
constexpr size_t kSignatureBytes = 64;

}  // namespace

std::string SignedText(const v1::JournalAnchor& anchor) {
  return absl::StrCat("fundgate journal anchor 1\n",  //
                      "journal: ", absl::BytesToHexString(anchor.journal()), "\n",
                      "sequence: ", anchor.sequence(), "\n",
                      "hash: ", absl::BytesToHexString(anchor.hash()), "\n",
                      "time: ", TimeUtil::TimestampToNanoseconds(anchor.time()), "\n");
}

absl::StatusOr<std::string> ToLine(const v1::JournalAnchor& anchor) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string line;
  const auto status = google::protobuf::util::MessageToJsonString(anchor, &line, options);
  if (status.ok()) return line;
  return absl::InternalError(absl::StrCat("an anchor can't be written: ", status.ToString()));
}

absl::StatusOr<v1::JournalAnchor> FromLine(const std::string& line) {
  v1::JournalAnchor anchor;
  const auto status = google::protobuf::util::JsonStringToMessage(line, &anchor);
  if (!status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("it is no anchor: ", status.ToString()));
  }
  if (anchor.sequence() == 0 || anchor.journal().size() != kHashBytes ||
      anchor.hash().size() != kHashBytes || anchor.signature().size() != kSignatureBytes) {
    return absl::InvalidArgumentError(
        "it is no anchor: a sequence from 1, two hashes of 32 bytes and a signature of 64 were "
        "expected");
  }
  return anchor;
}

}  // namespace fundgate::anchor
