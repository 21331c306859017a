#pragma once

#include <string>

namespace motley::tests {

/// The environment variable that marks what a test program starts. Whatever that starts in turn inherits it.
inline constexpr char kMarkVariable[] = "MOTLEY_TEST_RUN";

/// Its value for all that this process starts. From the first call on a process of its own, the keeper, waits for this
/// one to end, however it ends, and then kills all that has the mark: also what has other parents by now, a session or
/// namespaces of its own. Any thread.
const std::string& ChildMark();

}  // namespace motley::tests
