# Every external library, and nowhere else. All of them are Debian 12 packages (scripts/setup installs them).

find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.81.0 EXACT CONFIG REQUIRED COMPONENTS json url)
find_package(yaml-cpp REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ZLIB REQUIRED)
# Debian's c-ares has no package file for CMake.
find_library(CARES_LIBRARY cares REQUIRED)
find_path(CARES_INCLUDE_DIR ares.h REQUIRED)
add_library(cares INTERFACE)
target_link_libraries(cares INTERFACE ${CARES_LIBRARY})
target_include_directories(cares SYSTEM INTERFACE ${CARES_INCLUDE_DIR})
# The public suffix list.
find_library(PSL_LIBRARY psl REQUIRED)
find_path(PSL_INCLUDE_DIR libpsl.h REQUIRED)
add_library(libpsl INTERFACE)
target_link_libraries(libpsl INTERFACE ${PSL_LIBRARY})
target_include_directories(libpsl SYSTEM INTERFACE ${PSL_INCLUDE_DIR})
# The kernel's netlink: messages, and the objects of nf_tables.
find_package(PkgConfig REQUIRED)
pkg_check_modules(libmnl REQUIRED IMPORTED_TARGET libmnl)
pkg_check_modules(libnftnl REQUIRED IMPORTED_TARGET libnftnl>=1.2.4)
# Tokens with private keys in them: PKCS#11, its URIs and modules.
pkg_check_modules(p11kit REQUIRED IMPORTED_TARGET p11-kit-1>=0.24)
if(RAVELIN_TESTS)
  find_package(GTest REQUIRED)
endif()
if(RAVELIN_BENCH)
  find_package(benchmark REQUIRED)
endif()
