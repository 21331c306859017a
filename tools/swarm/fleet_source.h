#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/selector/attributes.h"

namespace motley::swarm {

/// The gateways of a fleet file or of a list (docs/fleet-file.md). Errors: kInvalid, kNotFound.
Result<std::vector<Attributes>> ReadMachines(const std::string& file);

/// Makes gateways one after another: the same for the same seed, however many at a time.
class Generator {
 public:
  /// Names are the prefix and a number of at least `digits` digits.
  Generator(std::uint64_t seed, std::string prefix, std::size_t digits)
      : seed_(seed), prefix_(std::move(prefix)), digits_(digits) {}

  Attributes Next();

 private:
  const std::uint64_t seed_;
  const std::string prefix_;
  const std::size_t digits_;
  std::uint64_t number_ = 0;
};

}  // namespace motley::swarm
