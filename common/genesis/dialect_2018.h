#pragma once

#include "common/genesis/document.h"

namespace motley::genesis {

/// Whether all of a document is in the dialect of 2018: types without a leading path, hosts by "id_host", links by the
/// plain names of components. A mixture with a later dialect is not: what is meant by it can not be told.
bool IsDialect2018(const Document& document);

/// Rewrites such a document in the later dialect: types with their paths, a hosting for each "id_host", ports for
/// links.
void Upgrade(Document& document, GenesisImport& import);

}  // namespace motley::genesis
