#pragma once

#include <string_view>

#include "agent/flash/image.h"
#include "common/base/result.h"

namespace motley::agent {

/// What a linked program (ELF, 32 bits, little endian; AVR, ARM, Xtensa or RISC-V) has in flash: the content of its
/// PT_LOAD segments at their physical addresses. Of these, where the file has sections, only what belongs to a section
/// that is loaded: linkers may put the file's own headers into the first segment.
///
/// An AVR has three memories, which its linker puts at 0, 0x800000 (RAM) and 0x810000 (EEPROM), fuses and locks behind
/// them: what is at 0x800000 or above is left out. Initial values of variables are in flash as well, and stay.
///
/// Sources: TIS Committee, ELF Specification 1.2; avr-libc, "Memory Sections".
/// Errors: kCorrupt (names the place), kInvalid (not linked, for another machine, nothing in it, more than 16 MiB).
Result<Image> ParseElf(std::string_view content);

}  // namespace motley::agent
