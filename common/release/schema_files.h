#pragma once

#include <string_view>

namespace motley {

/// The files of docs/schema as they are, with references to one another.
struct SchemaFile {
  std::string_view name;
  std::string_view text;
};
extern const SchemaFile kSchemaFiles[4];

}  // namespace motley
