#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace motley::genesis {

/// What a name of GeneSIS, which may be any text, becomes: a name in the sense of IsName, of at most 48 bytes.
std::string NameFrom(std::string_view original);

/// Names of one name space, each once. What an original becomes does not depend on the order of the originals, so that
/// the same thing has the same name in two versions of a model.
class Names {
 public:
  /// Names that are never given, such as "gateway".
  explicit Names(std::set<std::string> taken = {}) : taken_(std::move(taken)) {}

  /// Gives names to all of these at once. Originals that would become the same get a part of their digest, but for the
  /// one, if any, that is a name already.
  void Give(const std::vector<std::string>& originals);
  /// The name that was given; empty if none was.
  std::string Of(const std::string& original) const;
  /// A name for something new, as near to `wanted` as possible.
  std::string New(std::string_view wanted);

 private:
  std::set<std::string> taken_;
  /// The number to be put behind a name that is taken.
  std::map<std::string, int> next_;
  std::map<std::string, std::string> given_;
};

}  // namespace motley::genesis
