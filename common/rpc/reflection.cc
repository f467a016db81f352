#include "common/rpc/reflection.h"

#include <dlfcn.h>

#include "common/log/log.h"

namespace trusthub::rpc {

void EnableReflection() {
  // Loaded, not linked: `ldd` of a service shows no reflection, and a process without the setting
  // cannot serve it (reliability_security.md G-1).
  void* library = dlopen("libgrpc++_reflection.so.1.51", RTLD_NOW | RTLD_GLOBAL);
  void* symbol =
      library == nullptr
          ? nullptr
          : dlsym(library, "_ZN4grpc10reflection38InitProtoReflectionServerBuilderPluginEv");
  if (symbol == nullptr) {
    log::Warning("reflection not available", {{"missing", "libgrpc++_reflection.so.1.51"}});
    return;
  }
  reinterpret_cast<void (*)()>(symbol)();
}

}  // namespace trusthub::rpc
