#pragma once

#include "common/base/result.h"

namespace motley::agent {

/// Gives up all rights but those that it takes to read and write what is open already: no new privileges, no open
/// files but the first three, another user than root, 512 MiB of memory, and from the kernel only what memory and the
/// open files need. What the machine can not do of that is left out: a kernel without seccomp, a user namespace without
/// other users. Errors: kDenied (a right that can always be given up was not).
Result<void> Confine();

}  // namespace motley::agent
