# How the tree is built: one compile-options target, and one function each for a module, a program and a test.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_LINK_WHAT_YOU_USE OFF)
add_link_options(-Wl,--as-needed)

find_program(MOTLEY_CCACHE ccache)
if(MOTLEY_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${MOTLEY_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${MOTLEY_CCACHE})
endif()

add_library(motley_options INTERFACE)
target_include_directories(motley_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(motley_options INTERFACE
  -Wall -Wextra -Werror     # what every reader expects to be clean
  -Wshadow                  # a hidden name reads as the other one
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>  # deleting through a base must work
  $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual>  # an override that overrides nothing
  -Wimplicit-fallthrough    # a forgotten break
  -Wno-missing-field-initializers)  # designated initializers name what matters; the rest has its default
target_compile_definitions(motley_options INTERFACE MOTLEY_VERSION="${PROJECT_VERSION}")

set(MOTLEY_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them")
if(MOTLEY_SANITIZE)
  add_compile_options(-fsanitize=${MOTLEY_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${MOTLEY_SANITIZE})
endif()

# motley_module(<name> SOURCES a.cc ... [DEPS target ...] [PRIVATE_DEPS target ...])
# A folder is a module is a static library. PRIVATE_DEPS are third-party libraries that only the .cc files see.
function(motley_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC motley_options ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
endfunction()

# motley_program(<name> SOURCES main.cc [DEPS target ...]): an executable in <build>/bin.
function(motley_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE motley_options ${ARG_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# motley_test(<name> SOURCES x_test.cc ... [DEPS target ...] [LABELS ...] [TIMEOUT seconds] [SERIAL])
# One GoogleTest binary and one CTest entry; SERIAL keeps it from running beside others.
function(motley_test name)
  cmake_parse_arguments(ARG "SERIAL" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE motley_options ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE MOTLEY_BIN_DIR="${CMAKE_BINARY_DIR}/bin" MOTLEY_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
  if("avr" IN_LIST ARG_LABELS)
    # These boards run machine code in real time: two such tests at once would starve each other on two cores.
    set_tests_properties(${name} PROPERTIES RESOURCE_LOCK avr)
  endif()
  if(ARG_SERIAL)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
  endif()
endfunction()

find_package(PkgConfig REQUIRED)
find_package(Protobuf REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(GTest REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(Boost REQUIRED)
find_package(Threads REQUIRED)
find_package(PahoMqttCpp REQUIRED)
pkg_check_modules(SERIALPORT REQUIRED IMPORTED_TARGET libserialport)
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
find_package(nlohmann_json REQUIRED)
find_package(LibArchive REQUIRED)
find_package(ZLIB REQUIRED)
