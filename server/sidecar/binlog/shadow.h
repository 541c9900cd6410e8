// The tables that online schema changes work in.
#ifndef SERVER_SIDECAR_BINLOG_SHADOW_H_
#define SERVER_SIDECAR_BINLOG_SHADOW_H_

#include <string_view>

namespace fundgate::binlog {

// Whether the table is one that gh-ost or pt-online-schema-change makes while it changes another
// one, by its name: _T_gho and _T_new, which become the table in the end; _T_del and _T_old, which
// the table is called then; _T_ghc, a log of gh-ost. pt-online-schema-change takes up to ten
// underscores in front if a name is taken; gh-ost may put a time before _del.
bool IsShadowOf(std::string_view shadow, std::string_view table);

// Of these, one that becomes the table.
bool BecomesTable(std::string_view shadow, std::string_view table);

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_SHADOW_H_
