// The bounds within which expressions are accepted.
#ifndef SERVER_EXPRESSION_OPTIONS_H_
#define SERVER_EXPRESSION_OPTIONS_H_

#include <cstddef>
#include <cstdint>

namespace fundgate::expression {

// All are limits at load; what passes them needs no limit when it runs, because every node is
// evaluated at most once and every list is at most as long as the host's or the literal's.
struct Options {
  // Text of one expression, in bytes. Longer ones are tables in disguise and belong into data.
  size_t source_bytes_max = 16 * 1024;
  // Nodes of the tree: literals, names, selections, operators, calls. Bounds time and memory.
  size_t nodes_max = 2000;
  // Levels of the tree, and brackets nested in the text. Bounds the machine stack of parsing and
  // evaluating; CEL asks for at least 32. A chain `a + b + c` has a level per operator.
  size_t depth_max = 200;
  // Elements of one list literal. CEL asks for at least 32.
  size_t list_elements_max = 500;
  // Elements, over all list literals that hold something not constant. They live on the machine
  // stack during evaluation, 24 bytes each.
  size_t computed_elements_max = 512;
  // Arguments of one call. CEL asks for at least 32.
  size_t arguments_max = 32;
  // RE2's measure of a compiled pattern; about the count of instructions.
  int regex_program_max = 2000;
  // Memory RE2 may use for one pattern, in bytes, its cache of states included.
  int64_t regex_memory_max = 1 << 20;
  // Problems reported for one expression; a last one says that there are more.
  size_t issues_max = 20;
};

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_OPTIONS_H_
