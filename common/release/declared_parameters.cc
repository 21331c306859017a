#include "common/release/declared_parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace motley {
namespace {

using Type = v1::TemplateParameter;

template <typename Number>
std::optional<Number> NumberOf(const std::string& text) {
  Number number{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// What a value that is not of the type is not.
const char* Lacks(Type::Type type, const std::string& value) {
  if (type == Type::TYPE_INTEGER && !NumberOf<std::int64_t>(value)) return "a whole number";
  if (type == Type::TYPE_NUMBER) {
    const auto number = NumberOf<double>(value);
    if (!number || !std::isfinite(*number)) return "a number";
  }
  if (type == Type::TYPE_BOOLEAN && value != "true" && value != "false") return "true or false";
  return nullptr;
}

Result<Type::Type> TypeOf(const YamlFile& file, const YAML::Node& node, const std::string& what,
                          const std::string& word) {
  if (word == "text") return Type::TYPE_TEXT;
  if (word == "integer") return Type::TYPE_INTEGER;
  if (word == "number") return Type::TYPE_NUMBER;
  if (word == "boolean") return Type::TYPE_BOOLEAN;
  return file.At(node, what + ": type: \"" + word + "\" is not text, integer, number or boolean");
}

Result<v1::TemplateParameter> ReadDeclaration(const YamlFile& file, const std::string& name,
                                              const YAML::Node& name_node, const YAML::Node& node) {
  const std::string what = "parameter \"" + name + "\"";
  v1::TemplateParameter parameter;
  parameter.set_name(name);
  parameter.set_type(Type::TYPE_TEXT);
  if (!node.IsMap()) {
    TRY_ASSIGN(*parameter.mutable_value(), file.Text(node, what));
    return parameter;
  }
  bool has_default = false, has_example = false;
  TRY(file.EachEntry(
      node, what, [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) -> Result<void> {
        if (key == "one_of") {
          return file.EachItem(value, what + ": one_of", [&](const YAML::Node& item) -> Result<void> {
            TRY_ASSIGN(*parameter.add_one_of(), file.Text(item, what + ": one_of"));
            return {};
          });
        }
        if (key != "default" && key != "example" && key != "type" && key != "description") {
          return file.UnknownKey(key_node, key, what, {"default", "example", "type", "description", "one_of"});
        }
        TRY_ASSIGN(std::string text, file.Text(value, what + ": " + key));
        has_default = has_default || key == "default";
        has_example = has_example || key == "example";
        if (key == "default" || key == "example") parameter.set_value(text);
        if (key == "description") parameter.set_description(text);
        if (key == "type") {
          TRY_ASSIGN(const Type::Type type, TypeOf(file, value, what, text));
          parameter.set_type(type);
        }
        return {};
      }));
  if (has_default == has_example) {
    return file.At(name_node, what + " has " +
                                  (has_default ? "a default and an example" : "no default and no example") +
                                  "; give it a default, or, if each variant has to say it, an example to check the "
                                  "template with");
  }
  parameter.set_mandatory(has_example);
  for (const std::string& choice : parameter.one_of()) {
    if (auto good = CheckParameterValue(parameter, choice); !good) {
      return file.At(name_node, "one_of: " + good.error().message);
    }
  }
  if (auto good = CheckParameterValue(parameter, parameter.value()); !good) {
    return file.At(name_node, (has_default ? "default: " : "example: ") + good.error().message);
  }
  return parameter;
}

}  // namespace

Result<DeclaredParameters> ReadDeclarations(const YamlFile& file, const YAML::Node& node) {
  DeclaredParameters declared;
  TRY(file.EachEntry(
      node, "parameters",
      [&](const std::string& name, const YAML::Node& name_node, const YAML::Node& value) -> Result<void> {
        if (name.starts_with("secret.")) {
          return file.At(name_node, "parameters: \"" + name +
                                        "\": secrets have their values from the controller, by `motley secret set`; "
                                        "choose another name");
        }
        declared.nodes.emplace(name, name_node);
        TRY_ASSIGN(declared.by_name[name], ReadDeclaration(file, name, name_node, value));
        return {};
      }));
  TRY(CheckFreeNames(file, declared.nodes));
  return declared;
}

Result<void> CheckParameterValue(const v1::TemplateParameter& parameter, const std::string& value) {
  const std::string what = "parameter \"" + parameter.name() + "\": \"" + value + "\" is not ";
  if (const char* lacks = Lacks(parameter.type(), value)) return Error{Code::kInvalid, what + lacks};
  const auto& choices = parameter.one_of();
  if (choices.empty() || std::find(choices.begin(), choices.end(), value) != choices.end()) return {};
  std::string known;
  for (int i = 0; i < choices.size(); ++i) {
    known += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + choices[i];
  }
  return Error{Code::kInvalid, what + known};
}

Result<void> CheckFreeNames(const YamlFile& file, const std::map<std::string, YAML::Node>& nodes) {
  for (const auto& [name, node] : nodes) {
    if (name != "application" && name != "version" && name != "variant") continue;
    return file.At(node, "parameters: \"" + name + "\" has its value from the release itself; choose another name");
  }
  return {};
}

}  // namespace motley
