// File: row_store.h
//
// A store in SQLite files as rows, to be copied from and to (copy/rows.h).
//
// What stands in a data folder:
//   store.db          the store
//   store.db.copying  a copy to it that is not finished
//   store.db.moved    what was the store, until it was moved elsewhere
//   moved-to          where to: one line
#ifndef TRUSTHUB_COMMON_STORE_SQLITE_ROW_STORE_H_
#define TRUSTHUB_COMMON_STORE_SQLITE_ROW_STORE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/store/copy/rows.h"

namespace trusthub::store {

// The store in `folder`, or the one that was moved away from it. `tree`: name of its audit tree,
// for a log without entries says no name itself. Read by other connections than the service's: it
// need not stop, but while a view is open the log of its file grows.
// NOT_FOUND: no store. FAILED_PRECONDITION: of another version, of another tree, or what an earlier
// move left is in the way of the next. Errors begin with "store {file}: ".
absl::StatusOr<std::unique_ptr<copy::RowSource>> OpenSqliteRows(const std::string& folder,
                                                                const std::string& tree);

// The store that `folder` shall hold; the folder is made. No service can start over it meanwhile.
// Files that it leaves belong to whom the folder belongs.
absl::StatusOr<std::unique_ptr<copy::RowTarget>> OpenSqliteRowTarget(const std::string& folder,
                                                                     const std::string& tree);

// A target in a file of any name, which Finish leaves as a whole store, in its place. For copies
// that no service is started over, of views (CopyView): a file that is there already becomes as the
// new view is, and what did not change keeps its pages. One process at a time.
absl::StatusOr<std::unique_ptr<copy::RowTarget>> OpenSqliteRowFile(const std::string& path,
                                                                   const std::string& tree);

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_SQLITE_ROW_STORE_H_
