// Library: what a release file names.
#include "common/release/library.h"
#include "common/release/named_version.h"
#include "common/release/yaml.h"

namespace motley {
namespace {

Result<void> AddEntry(const YamlFile& file, const YAML::Node& node, const std::string& what,
                      std::vector<LibraryEntry>& entries) {
  const auto named = ParseNamedVersion(node.Scalar());
  if (!named) return file.At(node, what + ": " + named.error().message);
  entries.push_back({node.Scalar(), node.Mark().line + 1});
  return {};
}

}  // namespace

Result<LibraryEntries> EntriesOfRelease(const std::string& file_name, const std::string& text) {
  TRY_ASSIGN(const YamlFile file, YamlFile::Parse(file_name, text));
  return file.Guarded<LibraryEntries>([&]() -> Result<LibraryEntries> {
    LibraryEntries entries;
    if (const YAML::Node node = file.root()["template"]; node && node.IsScalar()) {
      TRY(AddEntry(file, node, "template", entries.templates));
    }
    // What is no list, and what is no variant in it, ParseReleaseFile complains about.
    const YAML::Node variants = file.root()["variants"];
    if (!variants || !variants.IsSequence()) return entries;
    for (const YAML::Node& variant : variants) {
      if (!variant.IsMap() || !variant["use"] || !variant["use"].IsScalar()) continue;
      TRY(AddEntry(file, variant["use"], "use", entries.variants));
    }
    return entries;
  });
}

}  // namespace motley
