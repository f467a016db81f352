# The four helpers every folder uses: trusthub_proto, trusthub_library, trusthub_test,
# trusthub_service. Everything is linked by its trusthub:: alias, so that a typo fails at configure.

add_library(trusthub_flags INTERFACE)
target_compile_options(trusthub_flags INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wimplicit-fallthrough
  -Wno-unused-parameter -Werror=unused-result -Werror=return-type
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  $<$<BOOL:${TRUSTHUB_WERROR}>:-Werror>)
target_include_directories(trusthub_flags INTERFACE ${PROJECT_SOURCE_DIR})

if(TRUSTHUB_HARDEN)
  add_compile_options(-D_FORTIFY_SOURCE=3 -D_GLIBCXX_ASSERTIONS -fstack-protector-strong
    -fstack-clash-protection -fcf-protection -ftrivial-auto-var-init=zero -fPIE)
  add_link_options(-pie -Wl,-z,relro,-z,now)
endif()
# Our own code, not what protoc generated: that is a third of a build, and without the flags its
# objects are the same under every sanitizer, so that a compiler's cache compiles them once.
if(TRUSTHUB_SANITIZE)
  # A report ends the process: a test that goes on after one would pass.
  target_compile_options(trusthub_flags INTERFACE
    -fsanitize=${TRUSTHUB_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TRUSTHUB_SANITIZE})
endif()

find_program(TRUSTHUB_MOLD mold)
if(TRUSTHUB_MOLD AND NOT TRUSTHUB_SANITIZE)
  add_link_options(-fuse-ld=mold)
endif()

# The allocator of the services: gRPC and protobuf allocate in one thread and free in another, which
# glibc's arenas serve badly. Not under sanitizers, which bring their own.
find_library(TRUSTHUB_TCMALLOC NAMES tcmalloc_minimal libtcmalloc_minimal.so.4)

# trusthub_proto(NAME <name> SRCS <files> [GRPC] [DEPS <targets>])
# Generates and compiles protos into library trusthub::<name>. SRCS are relative to protos/.
function(trusthub_proto)
  cmake_parse_arguments(P "GRPC" "NAME" "SRCS;DEPS" ${ARGN})
  set(root ${PROJECT_SOURCE_DIR}/protos)
  set(out ${PROJECT_BINARY_DIR}/gen)
  set(sources)
  foreach(src ${P_SRCS})
    string(REGEX REPLACE "\\.proto$" "" base ${src})
    set(plugin)
    set(products ${out}/${base}.pb.cc ${out}/${base}.pb.h)
    if(P_GRPC AND src MATCHES "_service\\.proto$")
      # The first output must be the first name in the depfile, or ninja rebuilds for ever.
      set(products ${out}/${base}.grpc.pb.cc ${out}/${base}.grpc.pb.h ${products})
      set(plugin --grpc_out=${out} --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>)
    endif()
    add_custom_command(OUTPUT ${products}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
      COMMAND protobuf::protoc -I ${root} --cpp_out=${out} ${plugin}
              --dependency_out=${out}/${base}.d ${src}
      DEPENDS ${root}/${src} DEPFILE ${out}/${base}.d WORKING_DIRECTORY ${root} VERBATIM)
    list(APPEND sources ${products})
  endforeach()
  add_library(trusthub_${P_NAME} STATIC ${sources})
  add_library(trusthub::${P_NAME} ALIAS trusthub_${P_NAME})
  target_include_directories(trusthub_${P_NAME} SYSTEM PUBLIC ${out})
  target_compile_options(trusthub_${P_NAME} PRIVATE -g0 -w)
  target_link_libraries(trusthub_${P_NAME} PUBLIC protobuf::libprotobuf ${P_DEPS})
  if(P_GRPC)
    target_link_libraries(trusthub_${P_NAME} PUBLIC gRPC::grpc++)
  endif()
endfunction()

# trusthub_library(NAME <name> SRCS <files> [DEPS <targets>])
function(trusthub_library)
  cmake_parse_arguments(P "" "NAME" "SRCS;DEPS" ${ARGN})
  add_library(trusthub_${P_NAME} STATIC ${P_SRCS})
  add_library(trusthub::${P_NAME} ALIAS trusthub_${P_NAME})
  target_link_libraries(trusthub_${P_NAME} PUBLIC trusthub_flags ${P_DEPS})
endfunction()

# ninja concurrent_tests: the tests labelled so, which the thread sanitizer looks at.
add_custom_target(concurrent_tests)

# trusthub_test(NAME <name> SRCS <files> [DEPS <targets>] [SIZE small|large] [LABELS <labels>])
# One binary, discovered by ctest; small tests end within 60 s, large ones within 600 s. Label
# `concurrent`: several threads of ours at work on the same things.
function(trusthub_test)
  cmake_parse_arguments(P "" "NAME;SIZE" "SRCS;DEPS;LABELS" ${ARGN})
  set(timeout 60)
  if(P_SIZE STREQUAL "large")
    set(timeout 600)
  endif()
  if(TRUSTHUB_SANITIZE)
    math(EXPR timeout "${timeout} * 6")
  endif()
  add_executable(${P_NAME} ${P_SRCS})
  set_target_properties(${P_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_link_libraries(${P_NAME} PRIVATE trusthub_flags ${P_DEPS} trusthub::paths trusthub::test_seed
    GTest::gtest GTest::gtest_main)
  # One ctest entry a binary: discovery would start every binary once more, twice over.
  add_test(NAME ${P_NAME} COMMAND ${P_NAME})
  set_tests_properties(${P_NAME} PROPERTIES TIMEOUT ${timeout} LABELS "${P_LABELS}")
  if("concurrent" IN_LIST P_LABELS)
    add_dependencies(concurrent_tests ${P_NAME})
  endif()
endfunction()

# trusthub_test_on_postgres(<name> [arguments]): the same binary once more, its services' stores on PostgreSQL. Each case
# makes databases, on a slow disk for seconds: three times as long.
function(trusthub_test_on_postgres name)
  get_test_property(${name} TIMEOUT timeout)
  math(EXPR timeout "${timeout} * 3")
  get_test_property(${name} LABELS labels)
  add_test(NAME ${name}_on_postgres COMMAND ${name} ${ARGN})
  set_tests_properties(${name}_on_postgres PROPERTIES TIMEOUT ${timeout} LABELS "${labels};postgres"
    ENVIRONMENT TRUSTHUB_TEST_ENGINE=postgres)
endfunction()

# trusthub_service(NAME <name> SRCS <files> PROTO <proto library> [DEPS <targets>])
# Library trusthub::<name>_service from every source but main.cc, and executable trusthub-<name>.
function(trusthub_service)
  cmake_parse_arguments(P "" "NAME;PROTO" "SRCS;DEPS" ${ARGN})
  trusthub_library(NAME ${P_NAME}_service SRCS ${P_SRCS}
    DEPS trusthub::${P_PROTO} trusthub::rpc ${P_DEPS})
  add_executable(trusthub-${P_NAME} main.cc)
  target_link_libraries(trusthub-${P_NAME} PRIVATE trusthub_flags trusthub::${P_NAME}_service)
  if(TRUSTHUB_TCMALLOC AND NOT TRUSTHUB_SANITIZE)
    # Nothing refers to it by name: without this the linker drops it.
    target_link_options(trusthub-${P_NAME} PRIVATE -Wl,--no-as-needed)
    target_link_libraries(trusthub-${P_NAME} PRIVATE ${TRUSTHUB_TCMALLOC})
  endif()
endfunction()
