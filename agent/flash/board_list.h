#pragma once

#include <string>

#include "common/base/result.h"

namespace motley::agent {

/// The types of boards that an agent with this folder of files knows, as a table for people, and which boards the files
/// name. With `check_file`: only what that file says, which is checked as if it were in the folder as well; it may be
/// there already.
/// Errors: kInvalid (a file is wrong; says where), those of reading files.
Result<std::string> ListBoards(const std::string& folder, const std::string& check_file);

}  // namespace motley::agent
