# seal_module(NAME SOURCES .. [PACKAGES ..])   one object library a folder; PACKAGES are pkg-config imported targets.
# seal_test(NAME SOURCES .. [LIBS ..] [PROGRAMS ..])   one Check program; NAME is the path of the source that it tests, "lib/mime/part".
#                                              PROGRAMS are targets that it runs, below BUILD_DIR.
# seal_fuzzer(NAME SOURCE [LIBS ..])           one fuzzer; without FUZZ it becomes a program that replays its corpus under ctest.
#
# Object libraries are not transitive in CMake: a target names every folder that it needs.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET libcrypto>=3.0)
pkg_check_modules(GLIB REQUIRED IMPORTED_TARGET glib-2.0)
pkg_check_modules(LMDB REQUIRED IMPORTED_TARGET lmdb)
pkg_check_modules(CBOR REQUIRED IMPORTED_TARGET libcbor)
pkg_check_modules(LDAP REQUIRED IMPORTED_TARGET ldap lber)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(GPGME REQUIRED IMPORTED_TARGET gpgme>=1.18)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl>=7.87)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp>=2.5)
pkg_check_modules(CHECK REQUIRED IMPORTED_TARGET check)
set(SEAL_EXTERNAL PkgConfig::OPENSSL PkgConfig::GLIB PkgConfig::LMDB PkgConfig::CBOR PkgConfig::LDAP PkgConfig::ZLIB PkgConfig::GPGME PkgConfig::CURL PkgConfig::SECCOMP Threads::Threads)

function(seal_module name)
    cmake_parse_arguments(M "" "" "SOURCES;PACKAGES" ${ARGN})
    add_library(${name} OBJECT ${M_SOURCES})
    target_link_libraries(${name} PRIVATE ${M_PACKAGES})
endfunction()

function(seal_test name)
    cmake_parse_arguments(T "" "" "SOURCES;LIBS;PROGRAMS" ${ARGN})
    string(REPLACE "/" "_" target "test_${name}")
    add_executable(${target} ${T_SOURCES})
    target_link_libraries(${target} PRIVATE ${T_LIBS} ${SEAL_EXTERNAL} PkgConfig::CHECK)
    target_compile_definitions(${target} PRIVATE TESTS_DIR="${CMAKE_SOURCE_DIR}/tests" BUILD_DIR="${CMAKE_BINARY_DIR}")
    if(T_PROGRAMS)
        add_dependencies(${target} ${T_PROGRAMS})
    endif()
    target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    add_test(NAME ${name} COMMAND ${target})
    set_tests_properties(${name} PROPERTIES TIMEOUT 1200 ENVIRONMENT "CK_DEFAULT_TIMEOUT=300")
endfunction()

if(FUZZ)
    add_custom_target(fuzzers)
endif()

function(seal_fuzzer name source)
    cmake_parse_arguments(F "" "" "LIBS" ${ARGN})
    set(corpus ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
    add_executable(fuzz_${name} ${source})
    target_link_libraries(fuzz_${name} PRIVATE ${F_LIBS} ${SEAL_EXTERNAL})
    if(FUZZ)
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
        add_dependencies(fuzzers fuzz_${name})
        set(found ${CMAKE_BINARY_DIR}/found/${name}) # what is new is kept here, not in the tree
        file(MAKE_DIRECTORY ${found})
        add_test(NAME fuzz/${name} COMMAND fuzz_${name} -max_total_time=60 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
                 -artifact_prefix=${CMAKE_BINARY_DIR}/crash-${name}- ${found} ${corpus})
        set_tests_properties(fuzz/${name} PROPERTIES LABELS fuzz TIMEOUT 300)
    else()
        target_sources(fuzz_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz/replay.c)
        add_test(NAME fuzz/${name} COMMAND fuzz_${name} ${corpus})
    endif()
endfunction()
