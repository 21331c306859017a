# Makes a C++ source of a text file: cmake -DINPUT=... -DOUTPUT=... -P embed.cmake
file(READ ${INPUT} content)
# A string literal is limited to 64 KiB by the standard, so the text is cut into pieces that the compiler joins.
string(LENGTH "${content}" length)
set(source "#include \"controller/api/api.h\"\n\nnamespace motley::controller {\n\nstd::string_view OpenApiDocument() {\n  return\n")
set(position 0)
while(position LESS length)
  string(SUBSTRING "${content}" ${position} 8000 piece)
  string(APPEND source "      R\"openapi(${piece})openapi\"\n")
  math(EXPR position "${position} + 8000")
endwhile()
string(APPEND source "      ;\n}\n\n}  // namespace motley::controller\n")
file(WRITE ${OUTPUT} "${source}")
