#include "tests/support/folder.h"

#include <cstdlib>
#include <filesystem>

#include "common/base/result.h"

namespace motley::tests {

TemporaryFolder::TemporaryFolder() {
  path_ = (std::filesystem::temp_directory_path() / "motley-test-XXXXXX").string();
  CHECK(mkdtemp(path_.data()) != nullptr);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace motley::tests
