find_program(MOTLEY_AVR_GCC avr-gcc REQUIRED)
find_program(MOTLEY_AVR_OBJCOPY avr-objcopy REQUIRED)
find_program(MOTLEY_AVR_SIZE avr-size REQUIRED)
set(MOTLEY_AVR_SOURCE_DIR ${CMAKE_CURRENT_LIST_DIR} CACHE INTERNAL "")

# motley_avr_firmware(<target> NAME n VERSION v [SOURCE s] [MCU m] [PERIOD_MS p] [BAUD b] [SILENT] [PAD bytes])
# Builds SOURCE, blink.c by default, into <build>/firmware/<n>-<v>.hex, as part of the target `firmware`. MCU is atmega328p
# by default. SILENT never says a word; PAD adds that many bytes that do not compress: both for blink.c.
function(motley_avr_firmware target)
  cmake_parse_arguments(ARG "SILENT" "NAME;VERSION;SOURCE;MCU;PERIOD_MS;BAUD;PAD" "" ${ARGN})
  if(NOT ARG_MCU)
    set(ARG_MCU atmega328p)
  endif()
  if(NOT ARG_SOURCE)
    set(ARG_SOURCE blink.c)
  endif()
  set(output ${CMAKE_BINARY_DIR}/firmware/${ARG_NAME}-${ARG_VERSION})
  set(definitions -DNAME="${ARG_NAME}" -DVERSION="${ARG_VERSION}")
  foreach(option PERIOD_MS BAUD PAD)
    if(ARG_${option})
      list(APPEND definitions -D${option}=${ARG_${option}})
    endif()
  endforeach()
  if(ARG_SILENT)
    list(APPEND definitions -DSILENT)
  endif()
  add_custom_command(
    OUTPUT ${output}.hex
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/firmware
    COMMAND ${MOTLEY_AVR_GCC} -std=gnu11 -Wall -Wextra -Werror -Os -mmcu=${ARG_MCU} -DF_CPU=16000000UL ${definitions}
            -I${PROJECT_SOURCE_DIR} -Wl,--gc-sections -o ${output}.elf ${MOTLEY_AVR_SOURCE_DIR}/${ARG_SOURCE}
    COMMAND ${MOTLEY_AVR_OBJCOPY} -j .text -j .data -O ihex ${output}.elf ${output}.hex
    DEPENDS ${MOTLEY_AVR_SOURCE_DIR}/${ARG_SOURCE} ${PROJECT_SOURCE_DIR}/deploy/firmware/motley_device.h
    VERBATIM)
  add_custom_target(firmware-${target} DEPENDS ${output}.hex)
  add_dependencies(firmware firmware-${target})
endfunction()
