#include "tools/motley/command_line.h"

int main(int argc, char** argv) { return motley::cli::RunCommandLine(argc, argv); }
