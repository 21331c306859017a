#pragma once

#include <string>

#include "tools/motley/session.h"

namespace motley::cli {

struct ImportOptions {
  std::string file;
  /// Empty: standard output.
  std::string output;
  /// Empty: credentials are dropped, and their names told.
  std::string secrets;
};

/// Reads a GeneSIS model and writes it as a model file, or prints the verdict as JSON. A model that is not valid is an
/// answer (Session::AnswerNo), not an error. Errors: as ReadFile and WriteFileAtomically.
Result<void> ImportModel(Session& session, const ImportOptions& options);

}  // namespace motley::cli
