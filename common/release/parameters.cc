#include "common/release/parameters.h"

#include <vector>

#include "common/model/model.h"
#include "common/selector/spelling.h"

namespace motley {
namespace {

// Parameters in parameters' places could make a small file grow without end.
constexpr std::size_t kMaxTextBytes = 1024 * 1024;
constexpr std::string_view kSecret = "secret.";

/// Whether a reference to a secret stands at `at`.
bool IsSecretAt(const std::string& text, std::size_t at) {
  if (text.compare(at, 2, "${") != 0 || text.compare(at + 2, kSecret.size(), kSecret) != 0) return false;
  const std::size_t name = at + 2 + kSecret.size();
  const std::size_t close = text.find('}', name);
  return close != std::string::npos && IsName(std::string_view(text).substr(name, close - name));
}

}  // namespace

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
    TRY_ASSIGN(const std::string value, ValueOf(text.substr(dollar + 2, close - dollar - 2)));
    result += value;
    if (result.size() > kMaxTextBytes) {
      return Error{Code::kInvalid, "grows to more than 1 MiB by its parameters; put long texts into an artifact"};
    }
    at = close + 1;
  }
}

Result<std::string> Parameters::ValueOf(const std::string& name) {
  if (name.starts_with(kSecret)) {
    if (IsName(std::string_view(name).substr(kSecret.size()))) return "${" + name + "}";
    return Error{Code::kInvalid, "\"${" + name +
                                     "}\" does not name a secret; write ${secret.NAME} with a NAME of lower-case "
                                     "letters, digits, '.', '_' and '-'"};
  }
  const auto value = values_.find(name);
  if (value == values_.end()) {
    std::vector<std::string_view> known;
    for (const auto& [other, ignored] : values_) known.push_back(other);
    return Error{Code::kInvalid, "parameter \"" + name + "\" has no value here" + DidYouMean(name, known) +
                                     "; give it one under parameters, or write $${ for the characters themselves"};
  }
  used_.insert(name);
  return value->second;
}

std::string Parameters::Escape(const std::string& text) {
  std::string escaped;
  for (std::size_t i = 0; i < text.size(); ++i) {
    escaped += text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : ' ';
    if (text[i] == '$' && (next == '$' || next == '{') && !IsSecretAt(text, i)) escaped += '$';
  }
  return escaped;
}

}  // namespace motley
