// A PKCS#11 library whose token never answers: for tests.
#include <p11-kit/pkcs11.h>
#include <unistd.h>

extern "C" {

static CK_RV Hang(void*) {
  pause();  // until the process ends
  return CKR_DEVICE_ERROR;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST** list) {
  static CK_FUNCTION_LIST functions = {};
  functions.C_Initialize = &Hang;
  *list = &functions;
  return CKR_OK;
}

}  // extern "C"
