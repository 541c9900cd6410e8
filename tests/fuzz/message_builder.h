// Messages of the contract from an input's bytes, by reflection: every field can get every kind of
// value that its type allows, and most get one that means something to a gate.
#ifndef TESTS_FUZZ_MESSAGE_BUILDER_H_
#define TESTS_FUZZ_MESSAGE_BUILDER_H_

#include <google/protobuf/message.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/fuzz/fuzzer.h"

namespace fundgate::fuzz {

class MessageBuilder {
 public:
  explicit MessageBuilder(Choices& in) : in_(in) {}  // which must outlive it

  // Times lie around this one.
  void SetNow(absl::Time now) { now_ = now; }

  // Sets what a caller would set, with names that the worked example's policy and earlier calls
  // know.
  void Fill(google::protobuf::Message& message, int depth = 0);
  // Sets, adds or clears one field somewhere in it, to whatever the bytes say.
  void Edit(google::protobuf::Message& message, int depth = 0);

  // Remembers the names that an answer tells: decisions, leases, violations, tokens of pages.
  void Learn(const google::protobuf::Message& answer);

 private:
  using Field = google::protobuf::FieldDescriptor;

  bool FillField(google::protobuf::Message& message, const Field& field, int depth);
  void FillMap(google::protobuf::Message& message, const Field& field, int depth);
  void SetScalar(google::protobuf::Message& message, const Field& field, bool is_usual);
  std::string Text(const std::string& field, bool is_usual);
  int64_t Number(const std::string& field, bool is_usual);
  void SetTime(google::protobuf::Message& message);

  Choices& in_;
  absl::Time now_;
  std::vector<std::string> learned_;  // the newest, as they came
};

}  // namespace fundgate::fuzz

#endif  // TESTS_FUZZ_MESSAGE_BUILDER_H_
