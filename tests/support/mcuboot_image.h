#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace motley::tests {

/// An image as imgtool makes it, without a signature. `version` is three numbers, "1.2.3".
std::vector<std::uint8_t> MakeMcubootImage(const std::string& version, const std::string& program);

}  // namespace motley::tests
