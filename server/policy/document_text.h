// How a document writes a value that was read from it, on one line: the reverse of document.h.
#ifndef SERVER_POLICY_DOCUMENT_TEXT_H_
#define SERVER_POLICY_DOCUMENT_TEXT_H_

#include <map>
#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace fundgate::policy {

// VERDICT_HOLD of enum Verdict is written HOLD, other enums' values in small letters.
std::string EnumWord(const google::protobuf::EnumValueDescriptor& value);

// True for messages that documents write as one word or text: durations, times, money, values.
bool IsScalarText(const google::protobuf::Descriptor& type);

// The names in a map field, and the index of each among its entries.
std::map<std::string, int> MapEntries(const google::protobuf::Message& message,
                                      const google::protobuf::FieldDescriptor& field);

// The whole message: "{key: [account_id], counters: [paid, refunded]}", or the text of a scalar.
// Read as a document of its type it gives the same message again.
std::string TextOf(const google::protobuf::Message& message);

// A field: "5s", "HOLD", "[a, b]", "CNY 100.00". Text that YAML would read otherwise is in quotes.
std::string TextOf(const google::protobuf::Message& message,
                   const google::protobuf::FieldDescriptor& field);

// One element of a list, or the value of one entry of a map.
std::string TextOfElement(const google::protobuf::Message& message,
                          const google::protobuf::FieldDescriptor& field, int index);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_DOCUMENT_TEXT_H_
