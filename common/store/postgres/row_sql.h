// File: row_sql.h
//
// Statements for the rows of whole tables (copy/rows.h), made of their shapes. Every read goes
// along a primary key; writes take lists.
#ifndef TRUSTHUB_COMMON_STORE_POSTGRES_ROW_SQL_H_
#define TRUSTHUB_COMMON_STORE_POSTGRES_ROW_SQL_H_

#include <vector>

#include "common/store/copy/rows.h"
#include "common/store/postgres/connection.h"

namespace trusthub::store::postgres {

// Rows whose keys follow `after` (empty: from the first), at most `limit`.
Command ReadRows(copy::Table table, const copy::Row& after, int limit);
std::vector<copy::Row> RowsOf(copy::Table table, const Rows& rows);

// Adds what writes the batch: within a transaction.
void AddBatch(const copy::RowBatch& batch, std::vector<Command>* commands);

}  // namespace trusthub::store::postgres

#endif  // TRUSTHUB_COMMON_STORE_POSTGRES_ROW_SQL_H_
