#pragma once

namespace motley::agent {

/// Gives back the memory of this program's code and constants; what is needed again comes again from the file, a few
/// pages at a time. After something that happens seldom and touches much of them: starting a program.
void ForgetCode();

}  // namespace motley::agent
