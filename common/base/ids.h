// File: ids.h
//
// Names of records: `{collection}/{id}`, id random and meaningless (128 bits, base32, 26
// characters). An id is never derived from anything about a person.
#ifndef TRUSTHUB_COMMON_BASE_IDS_H_
#define TRUSTHUB_COMMON_BASE_IDS_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace trusthub {

// `count` bytes from the operating system's generator. Aborts the process when there are none:
// nothing may go on with guessable ids or salts. Thread-safe; buffers per thread, of which a forked
// process uses nothing.
std::string RandomBytes(int count);
// The same into a buffer.
void FillRandom(char* out, std::size_t count);

// 26 characters of [0-9a-v], 128 random bits.
std::string RandomId();

// `collection` + "/" + RandomId().
std::string NewName(absl::string_view collection);

// "referrals" of "referrals/abc"; empty when `name` has not exactly two non-empty segments.
absl::string_view CollectionOf(absl::string_view name);

// "abc" of "referrals/abc"; empty when `name` has not exactly two non-empty segments.
absl::string_view IdOf(absl::string_view name);

// Whether `name` is `collection` + "/" + an id of at most 63 characters of [a-z0-9-].
bool IsNameIn(absl::string_view collection, absl::string_view name);

// A fresh random version 4 UUID in lower case, for request ids made by our own clients.
std::string RandomUuid();

// A version 8 UUID derived from `seed`, for imports whose rows must keep their request id.
std::string StableUuid(absl::string_view seed);

}  // namespace trusthub

#endif  // TRUSTHUB_COMMON_BASE_IDS_H_
