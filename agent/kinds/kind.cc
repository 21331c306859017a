#include "agent/kinds/kind.h"

namespace motley::agent {

std::string_view KindName(const v1::Component& component) {
  switch (component.kind_case()) {
    case v1::Component::kProcess:
      return "process";
    case v1::Component::kFile:
      return "file";
    case v1::Component::kScript:
      return "script";
    case v1::Component::kFirmware:
      return "firmware";
    case v1::Component::KIND_NOT_SET:
      break;
  }
  return "";
}

}  // namespace motley::agent
