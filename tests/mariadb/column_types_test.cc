// Every column type at its boundary values: what the binlog decodes to is what SELECT says, and
// what mariadb-binlog --verbose prints.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/sidecar/binlog/file_reader.h"
#include "tests/decoder/damage.h"
#include "tests/decoder/trace.h"
#include "tests/mariadb/column_cases.h"
#include "tests/mariadb/server.h"
#include "tests/places/places.h"

namespace fundgate::mariadb_testing {
namespace {

using binlog::Value;
using Kind = binlog::Value::Kind;

// The images of all rows, by their key, as values and as what SELECT would print.
class Images : public decoder_testing::Trace {
 public:
  struct Image {
    std::vector<Kind> kinds;
    std::vector<std::optional<std::string>> texts;
    std::vector<double> reals;
  };

  absl::Status OnRow(const binlog::RowChange& row) override {
    if (!row.before.empty()) before[row.before[0].integer] = Copy(row.before);
    if (!row.after.empty()) after[row.after[0].integer] = Copy(row.after);
    return absl::OkStatus();
  }

  std::map<int64_t, Image> before;
  std::map<int64_t, Image> after;

 private:
  static Image Copy(std::span<const Value> values) {
    Image image;
    for (const Value& value : values) {
      image.kinds.push_back(value.kind);
      image.texts.push_back(decoder_testing::ValueText(value));
      image.reals.push_back(value.real);
    }
    return image;
  }
};

Rows SelectAll(Server& server) {
  std::vector<std::string> columns = {"id"};
  for (size_t i = 0; i < ColumnCases().size(); ++i) {
    std::string select = ColumnCases()[i].select;
    for (size_t at = 0; (at = select.find('$', at)) != std::string::npos;)
      select.replace(at, 1, ColumnName(i));
    columns.push_back(select);
  }
  absl::StatusOr<Rows> rows =
      server.Query(absl::StrCat("SELECT ", absl::StrJoin(columns, ", "), " FROM d.t ORDER BY id"));
  EXPECT_TRUE(rows.ok()) << rows.status();
  return rows.ok() ? *std::move(rows) : Rows();
}

void ExpectImage(const Images::Image& image, const std::vector<std::optional<std::string>>& row) {
  ASSERT_EQ(image.kinds.size(), row.size());
  for (size_t i = 0; i < ColumnCases().size(); ++i) {
    const ColumnCase& column = ColumnCases()[i];
    const std::optional<std::string>& selected = row[i + 1];
    const Kind kind = image.kinds[i + 1];
    EXPECT_EQ(kind, selected ? column.kind : Kind::kNull)
        << column.definition << " in row " << *row[0] << ": " << selected.value_or("NULL");
    if (selected && (kind == Kind::kFloat || kind == Kind::kDouble)) {
      EXPECT_EQ(image.reals[i + 1], std::strtod(selected->c_str(), nullptr)) << column.definition;
    } else {
      EXPECT_EQ(image.texts[i + 1], selected) << column.definition << " in row " << *row[0];
    }
  }
}

Images Decode(Server& server) {
  Images images;
  for (const std::string& file : server.BinlogFiles()) {
    const absl::Status read = binlog::ReadFile(file, images, {.require_checksum = true});
    EXPECT_TRUE(read.ok()) << read;
  }
  return images;
}

// By the server's own program, in text that a script understands.
void ExpectMariadbBinlogToAgree(Server& server) {
  std::string command =
      absl::StrCat(FUNDGATE_PYTHON " ", places::Source("tests/decoder/mysqlbinlog_text.py"), " ",
                   places::Program("decode_files"));
  for (const std::string& file : server.BinlogFiles()) absl::StrAppend(&command, " ", file);
  EXPECT_EQ(std::system(command.c_str()), 0) << "see stdout; is mariadb-client installed?";
}

bool HasEvent(Server& server, const std::string& type) {
  const absl::StatusOr<Rows> events = server.Query("SHOW BINLOG EVENTS");
  EXPECT_TRUE(events.ok()) << events.status();
  return events.ok() &&
         std::ranges::any_of(*events, [&type](const auto& event) { return event[2] == type; });
}

// `insert`: the server's name of the events that the rows must have come in.
void ExpectBoundaryValuesDecode(std::vector<std::string> options, const std::string& insert) {
  Server server(std::move(options));
  FillTableOfCases(server);
  const Rows rows = SelectAll(server);
  ASSERT_EQ(rows.size(), RowsOfCases());
  server.Execute("DELETE FROM d.t");
  EXPECT_TRUE(HasEvent(server, insert));
  const Images images = Decode(server);
  EXPECT_TRUE(images.reasons.empty()) << images.reasons[0];
  for (const auto& row : rows) {
    const int64_t id = std::stoll(*row[0]);
    ASSERT_TRUE(images.after.contains(id));
    ASSERT_TRUE(images.before.contains(id));
    ExpectImage(images.after.at(id), row);
    ExpectImage(images.before.at(id), row);
  }
  ExpectMariadbBinlogToAgree(server);
}

TEST(ColumnTypes, EveryTypeAtItsBoundariesDecodesToWhatSelectAndMariadbBinlogSay) {
  ExpectBoundaryValuesDecode({}, "Write_rows_v1");
}

TEST(ColumnTypes, SoTheyDoFromCompressedEvents) {
  ExpectBoundaryValuesDecode({"--log-bin-compress=1", "--log-bin-compress-min-len=10"},
                             "Write_rows_compressed_v1");
}

// Large values are left out: each event is read anew for each damage.
TEST(ColumnTypes, DamageOfTheirEventsDoesNoHarm) {
  Server server;
  FillTableOfCases(server);
  server.Execute("FLUSH BINARY LOGS");
  server.Execute("SET time_zone = '+00:00'");
  server.Execute("DELETE FROM d.t WHERE id > 1");
  std::vector<decoder_testing::EventBytes> events =
      decoder_testing::EventsOf(server.BinlogFiles().back());
  decoder_testing::ExpectDamageDoesNoHarm(events, 200);
}

}  // namespace
}  // namespace fundgate::mariadb_testing
