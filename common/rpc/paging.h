// File: paging.h
//
// The page loop of every list, once.
#ifndef TRUSTHUB_COMMON_RPC_PAGING_H_
#define TRUSTHUB_COMMON_RPC_PAGING_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/rpc/call.h"
#include "google/protobuf/message.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::rpc {

// What decides whether the caller may know of a record, of any record type.
template <class Record>
policy::RecordFacts RecordFactsOf(const Record& record) {
  policy::RecordFacts facts;
  facts.kind = Record::descriptor()->options().GetExtension(options::v1::record).kind();
  facts.name = record.name();
  if constexpr (requires { record.child(); }) facts.child = record.child();
  if constexpr (requires { record.owner_agency(); }) facts.owner_agency = record.owner_agency();
  if constexpr (requires { record.author_agency(); }) facts.author_agency = record.author_agency();
  return facts;
}

// Whether `record` exists for the caller.
template <class Record>
absl::StatusOr<bool> IsVisible(Call& call, const Record& record) {
  if (call.visibility == nullptr) return true;
  return call.visibility->MayKnow(RecordFactsOf(record));
}

// Whom a page token is sealed for.
inline std::string PageReader(const Call& call) {
  return absl::StrCat(call.caller.agency, " ", call.caller.worker);
}

// How many records are read beyond those that a page holds: as many as may be hidden from the
// caller without costing a read of their own, which time could tell.
inline constexpr int kReadBeyond = 16;

// Fills `records` (a repeated field of the response) and `next_page_token` with one page of what
// exists for the caller: records that the caller may not know shorten no page, and no token points
// at them. `list(after_position, size)` returns StatusOr<store::Page<R>>; request has page_size,
// page_token.
template <class Record, class List>
absl::Status FillPage(Call& call, const google::protobuf::Message& request, List list,
                      google::protobuf::RepeatedPtrField<Record>* records,
                      std::string* next_page_token) {
  const std::string caller = PageReader(call);
  TRUSTHUB_ASSIGN_OR_RETURN(const proto::PageStart start,
                            call.page_tokens.Open(request, caller, call.now));
  std::int64_t end = start.after_position;  // of the last record that was given
  bool follows = false;                     // something that exists for the caller
  std::int64_t after = end;
  for (bool more = true; more && !follows;) {
    TRUSTHUB_ASSIGN_OR_RETURN(store::Page<Record> page,
                              list(after, start.size - records->size() + kReadBeyond));
    more = page.more;
    after = page.last_position;
    for (std::size_t i = 0; i < page.records.size() && !follows; ++i) {
      TRUSTHUB_ASSIGN_OR_RETURN(const bool visible, IsVisible(call, page.records[i]));
      if (!visible) continue;
      follows = records->size() == start.size;
      if (follows) break;
      *records->Add() = std::move(page.records[i]);
      end = page.positions[i];
    }
  }
  if (follows) *next_page_token = call.page_tokens.Seal(request, caller, end, call.now);
  return absl::OkStatus();
}

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_PAGING_H_
