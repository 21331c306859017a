#pragma once

#include "agent/flash/board_type.h"
#include "common/base/result.h"

namespace motley::agent {

/// Whether a type of board holds together: what its protocol needs is there, its sectors lie one behind the other and
/// cover the application to the byte, its pages divide them, and its tool's command says what is to be written.
/// Errors: kInvalid (says what is wrong and what would be right; names no file).
Result<void> CheckBoardType(const BoardType& board);

/// [a-z0-9][a-z0-9._-]{0,62}.
bool IsBoardName(std::string_view name);

}  // namespace motley::agent
