#include "common/release/rules_text.h"

namespace motley {
namespace {

void SetFlow(YAML::Node node) {
  if (node.IsSequence() || node.IsMap()) node.SetStyle(YAML::EmitterStyle::Flow);
  if (node.IsSequence()) {
    for (YAML::Node item : node) SetFlow(item);
  }
  if (node.IsMap()) {
    for (auto entry : node) SetFlow(entry.second);
  }
}

}  // namespace

std::string RulesText(const YAML::Node& rules) {
  std::string text;
  int line = 0;
  for (const YAML::Node& rule : rules) {
    // Two on one line, or an alias to something above: the next line is near enough.
    for (; line < rule.Mark().line; ++line) text += '\n';
    YAML::Node flow = YAML::Clone(rule);
    SetFlow(flow);
    YAML::Emitter emitter;
    emitter << flow;
    text += "- " + std::string(emitter.c_str()) + "\n";
    ++line;
  }
  return text;
}

}  // namespace motley
