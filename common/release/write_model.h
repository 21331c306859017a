#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "motley/v1/model.pb.h"

namespace motley {

/// The parts of a model as the values of a model file, whose texts are escaped (Parameters::Escape).
using ModelJson = nlohmann::ordered_json;

/// Gives the artifacts of a model names of their own within the file.
class ArtifactNames {
 public:
  const std::string& NameOf(const v1::ArtifactRef& artifact);
  /// All that were named so far, for `artifacts`.
  ModelJson Table() const;

 private:
  std::map<std::string, std::string> by_bytes_;
  std::map<std::string, v1::ArtifactRef> refs_;
};

ModelJson HostJson(const v1::Host& host);
ModelJson ComponentJson(const v1::Component& component, ArtifactNames& artifacts);
ModelJson LinkJson(const v1::Link& link);

ModelJson PortsJson(const google::protobuf::RepeatedPtrField<v1::Port>& ports);
ModelJson HealthJson(const v1::HealthCheck& health, ArtifactNames& artifacts);
void AddKindJson(const v1::Component& component, ArtifactNames& artifacts, ModelJson& json);

/// Puts `value` under `key` unless it is what an unset field has.
void AddText(ModelJson& json, const char* key, const std::string& value);
void AddNumber(ModelJson& json, const char* key, std::uint64_t value);
void AddTexts(ModelJson& json, const char* key, const google::protobuf::RepeatedPtrField<std::string>& texts);
void AddTexts(ModelJson& json, const char* key, const google::protobuf::Map<std::string, std::string>& texts);

}  // namespace motley
