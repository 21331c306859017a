# Fails when the .text section of ELF is larger than LIMIT bytes: the rest would lie past the end of the flash.
execute_process(COMMAND ${SIZE_PROGRAM} -A ${ELF} OUTPUT_VARIABLE sections COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCH "\\.text +([0-9]+)" found "${sections}")
if(NOT found OR CMAKE_MATCH_1 GREATER LIMIT)
  message(FATAL_ERROR "${ELF}: .text has ${CMAKE_MATCH_1} bytes, at most ${LIMIT} fit; check the compiler's flags")
endif()
