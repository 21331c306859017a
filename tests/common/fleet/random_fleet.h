#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "common/selector/attributes.h"
#include "common/selector/selector.h"

namespace motley::test {

/// Gateways and selectors that meet each other: few names and values, so that each condition is often true and often
/// false. The same seed gives the same.
class RandomFleet {
 public:
  explicit RandomFleet(std::uint32_t seed) : random_(seed) {}

  Attributes Gateway(const std::string& name);
  /// The text of a selector with up to `depth` levels of && and ||.
  std::string SelectorText(int depth);
  std::uint32_t Below(std::uint32_t limit) {
    return std::uniform_int_distribution<std::uint32_t>(0, limit - 1)(random_);
  }

 private:
  std::string Condition();

  std::mt19937 random_;
};

/// Aborts on an error.
Selector Parsed(const std::string& text);

}  // namespace motley::test
