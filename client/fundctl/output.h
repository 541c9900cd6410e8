// How fundctl shows things: tables for people, one JSON object a line for scripts.
#ifndef CLIENT_FUNDCTL_OUTPUT_H_
#define CLIENT_FUNDCTL_OUTPUT_H_

#include <string>
#include <vector>

#include "client/fundctl/context.h"
#include "fundgate/v1/check.pb.h"
#include "fundgate/v1/money.pb.h"
#include "fundgate/v1/reservation.pb.h"
#include "fundgate/v1/verdict.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/message.h"
#include "google/protobuf/timestamp.pb.h"

namespace fundgate::fundctl {

// The message as one line of JSON, with the field names of the contract.
void PrintJson(Context& context, const google::protobuf::Message& message);

// What a word says at a glance.
enum class Tone { kGood, kWarning, kBad, kTitle };

// The text in its colour if the output shows colours, else as it is.
std::string Painted(const Context& context, Tone tone, const std::string& text);

// ALLOW, HOLD or BLOCK, in its colour.
std::string Painted(const Context& context, v1::Verdict verdict);

// Columns as wide as their widest cell; the first row is the head.
std::string TableText(const std::vector<std::vector<std::string>>& rows);
void PrintTable(Context& context, const std::vector<std::vector<std::string>>& rows);

// Name and value, one pair a line; pairs with an empty value are left out.
void PrintPairs(Context& context, const std::vector<std::pair<std::string, std::string>>& pairs);

std::string TextOf(const v1::Money& money);                   // "CNY 12.34"; empty if there is none
std::string TextOf(const google::protobuf::Timestamp& time);  // RFC 3339, UTC, to the millisecond
std::string TextOf(const google::protobuf::Duration& length);  // "1m2.345s", to the millisecond

// An enum value without its type's prefix: "ALLOW", "HALF_OPEN".
std::string WithoutPrefix(const std::string& full_name, const std::string& prefix);

// A reason in one word or two: the invariant or rule, else its code and what it is about.
std::string NameOf(const v1::Reason& reason);

void PrintDecision(Context& context, const v1::Decision& decision);
void PrintReservation(Context& context, const v1::Reservation& reservation);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_OUTPUT_H_
