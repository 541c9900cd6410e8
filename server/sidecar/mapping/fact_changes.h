// From a changed row to the facts that it says.
#ifndef SERVER_SIDECAR_MAPPING_FACT_CHANGES_H_
#define SERVER_SIDECAR_MAPPING_FACT_CHANGES_H_

#include <functional>

#include "server/sidecar/mapping/row_writer.h"
#include "server/sidecar/mapping/source_tables.h"

namespace fundgate::mapping {

// Writes what the change of a row says of one fact:
// - nothing, if it said nothing before and says nothing now, or says the same;
// - one event with both images while its key stays; one of the old key that goes and one of the new
//   that comes, when the key (or the row's primary key) changes;
// - a gap of the fact's name, if an image that says it can't be read.
// `writer` is called only if there is something to write.
void WriteFacts(FactDeclarations& fact, Image before, Image after,
                const std::function<RowWriter&()>& writer);

}  // namespace fundgate::mapping

#endif  // SERVER_SIDECAR_MAPPING_FACT_CHANGES_H_
