// What the sanitized presets read once instead of in every file: the outside headers that cost the
// most. The release preset reads each file's own includes, so what a file forgets is found there.
#include <gmock/gmock.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

// A map of Protobuf has two members more where its header sees TSan. The library and the generated
// code are compiled without it, so the project must see the maps that these have. Everything of
// the standard library that this header needs was read above, as TSan wants it.
#pragma push_macro("__SANITIZE_THREAD__")
#undef __SANITIZE_THREAD__
#include <google/protobuf/map_field.h>
#pragma pop_macro("__SANITIZE_THREAD__")

#include <google/protobuf/timestamp.pb.h>
#include <grpcpp/grpcpp.h>

#ifndef CMAKE_PRECOMPILED_H_
#define CMAKE_PRECOMPILED_H_

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"

#endif  // CMAKE_PRECOMPILED_H_
