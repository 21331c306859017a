// Reads an archive from its standard input and writes what it holds to its standard output, as frames
// (agent/unpack/entry_frames.h). It can do nothing else: it touches no file, and whoever reads decides what is done.

#include <locale.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "agent/unpack/archive_source.h"
#include "agent/unpack/confine.h"
#include "agent/unpack/frame_writer.h"

int main(int argc, char** argv) {
  const std::string_view what = argc == 2 ? argv[1] : "";
  if (what != "tar" && what != "deb-control") {
    std::fputs("usage: motley-unpack tar|deb-control < FILE\nmotley-agent starts it; it writes frames.\n", stderr);
    return motley::ExitCode(motley::Code::kInvalid);
  }
  // libarchive turns names into the character set of the locale. Missing, only names in other scripts are refused.
  setlocale(LC_CTYPE, "C.UTF-8");
  if (const auto confined = motley::agent::Confine(); !confined) {
    std::fprintf(stderr, "motley-unpack: error: %s\n", confined.error().message.c_str());
    return motley::ExitCode(confined.error().code);
  }
  motley::agent::FrameWriter out(STDOUT_FILENO);
  auto sent =
      what == "tar" ? motley::agent::SendTar(STDIN_FILENO, out) : motley::agent::SendDebControl(STDIN_FILENO, out);
  // Who does not read any more does not read this either.
  sent = sent ? out.End() : out.Failure(sent.error().message);
  return sent ? EXIT_SUCCESS : EXIT_FAILURE;
}
