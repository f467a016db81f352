// File: page_checks.h
//
// Every page of a store's file carries a checksum of its bytes and its place, so that what changed
// on disk is found when it is read, whatever it is: a record, an index entry, a counter, an event.
// A page that does not fit is an error (SQLITE_IOERR_DATA), never an answer. The frames of the
// write-ahead log carry SQLite's own checksums, which SQLite looks at only after a crash; here they
// are looked at on every read, so that no changed frame is answered from, or moved into the
// database with a fresh checksum.
//
// The last 8 bytes of a page are reserved for it (Connection asks for them when it makes a file).
// Programs that know nothing of this read such a file, but what they write is taken for damage.
//
// A frame must not be overwritten within its transaction, or its checksum is late: connections that
// write keep what they changed in memory until they commit (`PRAGMA cache_spill = OFF`).
#ifndef TRUSTHUB_COMMON_STORE_SQLITE_PAGE_CHECKS_H_
#define TRUSTHUB_COMMON_STORE_SQLITE_PAGE_CHECKS_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace trusthub::store::sqlite {

inline constexpr int kPageCheckBytes = 8;

// Name of the VFS that keeps and compares checksums: over the default one at the first call, and
// good for the life of the process.
const char* PageChecksVfs();

// The checksum of a page's other bytes. Any change of a single byte changes it. `offset` is the
// page's in its file.
std::uint64_t PageCheckOf(absl::string_view bytes, std::int64_t offset);

}  // namespace trusthub::store::sqlite

#endif  // TRUSTHUB_COMMON_STORE_SQLITE_PAGE_CHECKS_H_
