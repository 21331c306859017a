#include "agent/supervise/footprint.h"

#include <link.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

namespace motley::agent {

void ForgetCode() {
  const auto* header = reinterpret_cast<const ElfW(Phdr)*>(getauxval(AT_PHDR));
  const auto count = getauxval(AT_PHNUM);
  const auto page = static_cast<ElfW(Addr)>(getauxval(AT_PAGESZ));
  if (header == nullptr || page == 0) return;
  // Addresses in a program that is not relocated are where it is; in one that is, the headers say where that is.
  ElfW(Addr) base = 0;
  for (unsigned long i = 0; i < count; ++i) {
    if (header[i].p_type == PT_PHDR) base = reinterpret_cast<ElfW(Addr)>(header) - header[i].p_vaddr;
  }
  for (unsigned long i = 0; i < count; ++i) {
    // What can be written may have been, and would be lost.
    if (header[i].p_type != PT_LOAD || (header[i].p_flags & PF_W) != 0) continue;
    const auto start = (base + header[i].p_vaddr) & ~(page - 1);
    const auto end = (base + header[i].p_vaddr + header[i].p_memsz + page - 1) & ~(page - 1);
    madvise(reinterpret_cast<void*>(start), end - start, MADV_DONTNEED);
  }
}

}  // namespace motley::agent
