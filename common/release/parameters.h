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

  /// `text` with each ${name} replaced, and "$$" by one "$"; any other "$" stays, and so does ${secret.NAME}, which
  /// only the agent replaces. Errors: kInvalid (no such parameter, with the nearest; a "${" that is not closed; a
  /// reference to a secret whose name is none; a result of more than 1 MiB).
  Result<std::string> Substitute(const std::string& text);
  const std::set<std::string>& used() const { return used_; }

  /// The reverse: what has to be written so that Substitute gives `text`.
  static std::string Escape(const std::string& text);

 private:
  Result<std::string> ValueOf(const std::string& name);

  std::map<std::string, std::string> values_;
  std::set<std::string> used_;
};

}  // namespace motley
