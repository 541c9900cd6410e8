// How a restored store tells its gate that it was restored.
#ifndef BACKUP_RESTORED_H_
#define BACKUP_RESTORED_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fundgate/v1/backups.pb.h"

namespace fundgate::backup {

// In the store's folder, as long as its gate holds checks for it.
inline constexpr char kRestoredFile[] = "restored.json";

// What it says; nothing if the store wasn't restored, or its gate has caught up. DATA_LOSS if it
// can't be read.
absl::StatusOr<std::optional<v1::RestoredFrom>> ReadRestored(const std::string& data_folder);

// Says it anew. Whoever reads meanwhile finds the old word or the new one, whole.
absl::Status WriteRestored(const std::string& data_folder, const v1::RestoredFrom& word);

// The gate has caught up.
absl::Status ForgetRestored(const std::string& data_folder);

// "the backup of 2026-11-26T16:00:00Z (the disk died)".
std::string ToText(const v1::RestoredFrom& restored);

}  // namespace fundgate::backup

#endif  // BACKUP_RESTORED_H_
