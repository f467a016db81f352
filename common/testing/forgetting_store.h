// File: forgetting_store.h
//
// A store that forgets children as a sealed one does (store::WriteSet::forgotten), around one that
// cannot: for tests of what is done about destruction, without keys. What was forgotten is kept in
// the store itself, so that it is forgotten after a restart as well.
#ifndef TRUSTHUB_COMMON_TESTING_FORGETTING_STORE_H_
#define TRUSTHUB_COMMON_TESTING_FORGETTING_STORE_H_

#include <memory>

#include "common/store/store.h"

namespace trusthub::testing {

std::unique_ptr<store::Store> MakeForgettingStore(std::unique_ptr<store::Store> inner);

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_FORGETTING_STORE_H_
