#include "common/selector/attributes.h"

namespace motley {

Attributes AttributesOf(std::string_view id, const v1::Context& context,
                        const google::protobuf::Map<std::string, std::string>& tags) {
  Attributes attributes;
  attributes.gateway = id;
  attributes.arch = context.arch();
  attributes.os = context.os();
  attributes.os_version = context.os_version();
  attributes.hostname = context.hostname();
  attributes.memory_mb = context.memory_mb();
  attributes.disk_mb = context.disk_mb();
  attributes.cpus = context.cpus();
  for (const v1::Board& board : context.boards()) {
    if (!board.type().empty()) attributes.boards.push_back(board.type());
  }
  attributes.kinds.assign(context.kinds().begin(), context.kinds().end());
  // Its version stands behind the name.
  attributes.container_engine = context.container_engine().substr(0, context.container_engine().find(' '));
  attributes.tags.insert(tags.begin(), tags.end());
  return attributes;
}

}  // namespace motley
