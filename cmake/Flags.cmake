# Compiler and linker flags, the same for every target.
add_compile_options(
    -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes
    -Wformat=2 -Wvla -Wundef -Wswitch-enum -Wpointer-arith -Wwrite-strings
    -fstack-protector-strong -fno-strict-aliasing -fvisibility=hidden)
add_compile_definitions(_GNU_SOURCE)
# An invariant is checked in production too.
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")
include_directories(${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/lib)

if(WERROR)
    add_compile_options(-Werror)
endif()
if(SANITIZE)
    add_compile_options(-fsanitize=${SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${SANITIZE})
    # Several hundred tests are linked with all that the sanitizer keeps: gold, of the same package, takes half the time of the usual linker.
    include(CheckLinkerFlag)
    check_linker_flag(C -fuse-ld=gold HAS_GOLD)
    if(HAS_GOLD AND NOT FUZZ) # clang's sanitizer makes it say a lot
        add_link_options(-fuse-ld=gold)
    endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
    add_compile_definitions(_FORTIFY_SOURCE=2)
endif()
if(FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
add_link_options(-Wl,-z,relro,-z,now)
