#pragma once

#include <string>

namespace motley::tests {

/// Application "blinky": a process that greets, and where there is an Uno, its firmware of the same version. The
/// firmware of 1.2.0 never says hello.
std::string BlinkyRelease(const std::string& version);

/// Application "config": one file.
std::string ConfigRelease(const std::string& version, const std::string& path);

/// The same with the content of another file.
std::string BigFileRelease(const std::string& version, const std::string& path, const std::string& source);

/// Application "picky": one variant for what the selector says.
std::string OnlyForRelease(const std::string& selector);

}  // namespace motley::tests
