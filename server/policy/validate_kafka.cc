// Topics of a cluster, and the rows that they bring.
#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/policy/validate_parts.h"

namespace fundgate::policy {
namespace {

// Of a topic, so that a position in it fits into an event's name.
constexpr size_t kMaxTopicBytes = 200;

bool IsTopic(std::string_view name) {
  return !name.empty() && name.size() <= kMaxTopicBytes && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' ||
                  c == '-';
         });
}

void ValidateSasl(const Validation& v, const std::string& path, const v1::Kafka& kafka) {
  const std::string sasl = path + ".sasl";
  CheckLogin(v, sasl, kafka.sasl().user(), kafka.sasl().password_file());
  if (kafka.sasl().mechanism() == v1::SASL_MECHANISM_PLAIN && !kafka.has_tls() &&
      !v.places.IsDamaged(path)) {
    v.AtValue(sasl + ".mechanism",
              "plain shows the password to whoever listens: set tls, or use scram_sha_512");
  }
}

// Settings that belong to another envelope than the topic's.
void CheckEnvelope(const Validation& v, const std::string& path, const v1::Topic& topic) {
  if (!v.places.IsRead(path + ".envelope")) return;
  const bool is_json = topic.envelope() == v1::ENVELOPE_JSON;
  if (!is_json && v.places.Has(path + ".columns")) {
    v.AtKey(path + ".columns", "columns are for json: other envelopes name them themselves");
  }
  if (topic.envelope() != v1::ENVELOPE_DEBEZIUM && v.places.Has(path + ".decimals")) {
    v.AtKey(path + ".decimals", "decimals are for debezium");
  }
  if (is_json && topic.rows_size() > 1) {
    v.AtKey(path + ".rows", "messages of json are rows of one table; name one");
  }
}

void ValidateTopic(const Validation& v, const std::string& path, const v1::Topic& topic) {
  if (v.places.IsRead(path + ".topic") && !IsTopic(topic.topic())) {
    v.AtValue(path + ".topic",
              absl::StrCat("'", topic.topic(), "' is no name of a topic: letters, digits, '.', ",
                           "'_' and '-', at most ", kMaxTopicBytes));
  }
  if (topic.rows().empty() && v.places.IsRead(path + ".rows")) {
    v.AtValue(path + ".rows", "at least one table is needed");
  }
  CheckEnvelope(v, path, topic);
  const bool needs_key =
      v.places.IsRead(path + ".envelope") && topic.envelope() != v1::ENVELOPE_JSON;
  for (const std::string& table : NamesOf(topic.rows())) {
    const std::string place = absl::StrCat(path, ".rows.", table);
    CheckTableName(v, place, table);
    const v1::KeyColumns& key = topic.rows().at(table);
    if (key.columns().empty() && needs_key) {
      v.AtKey(place, absl::StrCat("which columns tell the rows of '", table,
                                  "' apart? name those of its primary key"));
    }
    std::set<std::string> seen;
    for (const std::string& column : key.columns()) {
      if (column.empty() || !seen.insert(column).second) {
        v.AtKey(place, absl::StrCat("'", column, "' is no column, or stands there twice"));
      }
    }
  }
  for (const std::string& column : NamesOf(topic.columns())) {
    if (!absl::StartsWith(topic.columns().at(column), "/")) {
      v.AtValue(
          absl::StrCat(path, ".columns.", column),
          absl::StrCat("'", topic.columns().at(column), "' is no JSON pointer, like /order/id"));
    }
  }
}

// Every table has a topic, and every topic's tables are read.
void CheckTables(const Validation& v, const std::string& path, const v1::Source& source) {
  std::set<std::string> brought;
  for (const v1::Topic& topic : source.kafka().topics()) {
    for (const std::string& table : NamesOf(topic.rows())) brought.insert(table);
  }
  std::set<std::string> read;
  for (int i = 0; i < source.tables_size(); ++i) {
    const std::string& table = source.tables(i).table();
    read.insert(table);
    const std::string place = absl::StrCat(path, ".tables[", i, "].table");
    if (brought.contains(table) || brought.empty() || !v.places.IsRead(place)) continue;
    v.AtValue(place,
              NoSuch("table", table, {brought.begin(), brought.end()}, " in any topic's rows"));
  }
  if (source.tables().empty()) return;
  for (int i = 0; i < source.kafka().topics_size(); ++i) {
    for (const std::string& table : NamesOf(source.kafka().topics(i).rows())) {
      if (read.contains(table)) continue;
      v.AtKey(absl::StrCat(path, ".kafka.topics[", i, "].rows.", table),
              absl::StrCat("nobody reads '", table, "': declare it in tables, or remove it"));
    }
  }
}

}  // namespace

void ValidateKafka(const Validation& v, const std::string& path, const v1::Source& source) {
  const std::string kafka = path + ".kafka";
  CheckHosts(v, kafka + ".brokers", source.kafka().brokers(), "9092");
  if (source.kafka().has_sasl()) ValidateSasl(v, kafka, source.kafka());
  if (source.kafka().has_tls()) ValidateTls(v, kafka + ".tls", source.kafka().tls());
  if (source.kafka().topics().empty() && v.places.IsRead(kafka + ".topics")) {
    v.AtValue(kafka + ".topics", "at least one topic is needed");
  }
  std::set<std::string> seen;
  for (int i = 0; i < source.kafka().topics_size(); ++i) {
    const std::string place = absl::StrCat(kafka, ".topics[", i, "]");
    ValidateTopic(v, place, source.kafka().topics(i));
    if (!seen.insert(source.kafka().topics(i).topic()).second) {
      v.AtValue(place + ".topic",
                absl::StrCat("'", source.kafka().topics(i).topic(), "' stands there twice"));
    }
  }
  CheckTables(v, path, source);
}

}  // namespace fundgate::policy
