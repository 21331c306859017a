#pragma once

#include <cstdint>

#include "common/sql/database.h"
#include "motley/v1/release.pb.h"

namespace motley::controller {

/// Note which artifacts the row with this number needs, so that none of them can be deleted. Within the transaction
/// that inserts the row. Errors: as Database.
Result<void> IndexArtifactsOf(Database& database, std::int64_t number, const v1::Release& release);
Result<void> IndexArtifactsOf(Database& database, std::int64_t number, const v1::Template& content);

/// The same for rows of earlier controllers, which did not note it. Errors: as Database, kCorrupt.
Result<void> IndexArtifacts(Database& database);

/// Out of a row of digest, size and name.
v1::ArtifactRef ArtifactOf(const SqlRow& row);

}  // namespace motley::controller
