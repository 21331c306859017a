#include "common/release/parameters.h"

#include <vector>

#include "common/selector/spelling.h"

namespace motley {

Result<std::string> Parameters::Substitute(const std::string& text) {
  std::string result;
  std::size_t at = 0;
  while (true) {
    const std::size_t dollar = text.find('$', at);
    if (dollar == std::string::npos || dollar + 1 == text.size()) return result.append(text, at, std::string::npos);
    result.append(text, at, dollar - at);
    if (text[dollar + 1] != '{') {
      result += '$';
      at = dollar + (text[dollar + 1] == '$' ? 2 : 1);
      continue;
    }
    const std::size_t close = text.find('}', dollar);
    if (close == std::string::npos) {
      return Error{Code::kInvalid, "\"${\" is not closed; write ${name}, or $${ for the characters themselves"};
    }
    const std::string name = text.substr(dollar + 2, close - dollar - 2);
    const auto value = values_.find(name);
    if (value == values_.end()) {
      std::vector<std::string_view> known;
      for (const auto& [other, ignored] : values_) known.push_back(other);
      return Error{Code::kInvalid, "parameter \"" + name + "\" has no value here" + DidYouMean(name, known) +
                                       "; give it one under parameters, or write $${ for the characters themselves"};
    }
    used_.insert(name);
    result += value->second;
    at = close + 1;
  }
}

}  // namespace motley
