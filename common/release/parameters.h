#pragma once

#include <map>
#include <set>
#include <string>

#include "common/base/result.h"

namespace motley {

/// The values that stand for `${name}` in a template, and which of them were used.
class Parameters {
 public:
  explicit Parameters(std::map<std::string, std::string> values) : values_(std::move(values)) {}

  /// `text` with each ${name} replaced, and "$$" by one "$"; any other "$" stays. Errors: kInvalid (no such parameter,
  /// with the nearest; a "${" that is not closed).
  Result<std::string> Substitute(const std::string& text);
  const std::set<std::string>& used() const { return used_; }

 private:
  std::map<std::string, std::string> values_;
  std::set<std::string> used_;
};

}  // namespace motley
