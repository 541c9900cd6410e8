// The anchors of a file, compared with a journal.
#ifndef ANCHOR_ANCHORS_H_
#define ANCHOR_ANCHORS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "anchor/keys.h"
#include "fundgate/types/ids.h"
#include "fundgate/v1/audit.pb.h"

namespace fundgate::anchor {

// What came of a comparison.
struct Comparison {
  size_t agreeing = 0;  // anchors whose record is as it was signed
  Sequence newest = 0;  // the last of those records
  size_t dropped = 0;   // anchors of records that the journal has no more, on purpose
  // One of the records from `first` to `last` isn't what was signed; both 0: none.
  Sequence first = 0;
  Sequence last = 0;
  std::string problem;  // a sentence; empty: none

  bool sound() const { return problem.empty(); }
};

// Used by one thread: read them, tell the journal's hashes, and conclude.
class Anchors {
 public:
  // Reads a file of lines as anchor.h has them. A last line without an end was being written, and
  // is left out. NOT_FOUND if there is no such file; INVALID_ARGUMENT with the line's number for
  // one that is no anchor.
  static absl::StatusOr<Anchors> Read(const std::string& file);
  static absl::StatusOr<Anchors> Parse(const std::string& text);

  // Keeps only those that one of the keys has signed; gives the numbers of the other lines.
  std::vector<size_t> KeepSignedBy(const std::vector<PublicKey>& keys);

  // How many are kept.
  size_t size() const { return anchors_.size(); }

  // The records whose hashes are wanted, in order: the first of the journal, and each anchored one.
  std::vector<Sequence> Places() const;

  // The journal's records before `first` were dropped: their anchors prove nothing any more, but
  // the one of the last dropped record, whose hash is kept.
  void BeginsAt(Sequence first) { first_ = first; }

  // A record of the journal. Those that nobody wants are passed over.
  void Found(Sequence sequence, std::string_view hash);

  // After the journal's newest sound record, which is `newest`. `whole`: it should end there;
  // otherwise what lies behind it is damaged anyway.
  Comparison Conclude(Sequence newest, bool whole) const;

 private:
  struct Line {
    size_t number = 0;
    v1::JournalAnchor anchor;
  };

  std::vector<Line> anchors_;  // by sequence
  std::map<Sequence, std::string> found_;
  Sequence first_ = 1;
};

}  // namespace fundgate::anchor

#endif  // ANCHOR_ANCHORS_H_
