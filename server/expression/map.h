// Maps of expressions: an array of key, value, key, value, sorted by key.
#ifndef SERVER_EXPRESSION_MAP_H_
#define SERVER_EXPRESSION_MAP_H_

#include <span>

#include "server/expression/value.h"

namespace fundgate::expression {

// Whether a map may have this key: bool, int, uint or string. (Doubles only look up.)
bool IsMapKey(const Value& key);

// Sorts entries (key, value, key, value) in place for Value::Map: false before true before numbers
// by size before strings by bytes. False, and the order means nothing, if a key is none or occurs
// twice; 1 and 1u are the same key. Allocates nothing.
bool SortMap(std::span<Value> entries);

// The value under the key, or null. A number finds the key that equals it whatever its kind; what
// can't be a key is in no map.
const Value* FindInMap(const Value& map, const Value& key);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_MAP_H_
