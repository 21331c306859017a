#include "common/release/schema.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "common/release/schema_files.h"

namespace motley {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kDefinitions = "#/$defs/";

Json Load(std::string_view name) {
  const auto file = std::find_if(std::begin(kSchemaFiles), std::end(kSchemaFiles),
                                 [name](const SchemaFile& known) { return known.name == name; });
  CHECK(file != std::end(kSchemaFiles));
  return Json::parse(file->text);
}

/// Makes one schema of a file and of what it refers to in others.
class Bundle {
 public:
  static std::string Of(const std::string& name) {
    Bundle bundle;
    Json schema = Load(name);
    schema.erase("$defs");
    bundle.Gather(name, schema);
    if (!bundle.definitions_.empty()) schema["$defs"] = std::move(bundle.definitions_);
    return schema.dump(2) + "\n";
  }

 private:
  /// Makes the references in `node`, of the file `name`, local, and takes what they refer to.
  void Gather(const std::string& name, Json& node) {
    if (!node.is_structured()) return;
    for (auto&& [key, value] : node.items()) {
      if (key == "$ref") {
        value = Take(name, value.get<std::string>());
      } else {
        Gather(name, value);
      }
    }
  }

  std::string Take(const std::string& name, const std::string& reference) {
    const auto begin = reference.find(kDefinitions);
    CHECK(begin != std::string::npos);
    const std::string file = begin == 0 ? name : reference.substr(0, begin);
    const std::string definition = reference.substr(begin + kDefinitions.size());
    if (!definitions_.contains(definition)) {
      Json taken = Load(file)["$defs"][definition];
      CHECK(taken.is_object());
      // Its place first, since definitions may refer to themselves.
      definitions_[definition] = nullptr;
      Gather(file, taken);
      definitions_[definition] = std::move(taken);
    }
    return reference.substr(begin);
  }

  Json definitions_;
};

}  // namespace

std::string ModelSchema() { return Bundle::Of("model.schema.json"); }
std::string ReleaseSchema() { return Bundle::Of("release.schema.json"); }
std::string TemplateSchema() { return Bundle::Of("template.schema.json"); }
std::string VariantSchema() { return Bundle::Of("variant.schema.json"); }

}  // namespace motley
