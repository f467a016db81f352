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

// Adds the records of `page` that exist for the caller.
template <class Record>
absl::Status AddVisible(Call& call, store::Page<Record> page,
                        google::protobuf::RepeatedPtrField<Record>* records) {
  for (Record& record : page.records) {
    if (call.visibility != nullptr) {
      TRUSTHUB_ASSIGN_OR_RETURN(const bool may, call.visibility->MayKnow(RecordFactsOf(record)));
      if (!may) continue;
    }
    *records->Add() = std::move(record);
  }
  return absl::OkStatus();
}

// Fills `records` (a repeated field of the response) and `next_page_token` with one page of what
// exists for the caller: records that the caller may not know shorten no page, and no token points
// at them. `list(after_position, size)` returns StatusOr<store::Page<R>>; request has page_size,
// page_token.
template <class Record, class List>
absl::Status FillPage(Call& call, const google::protobuf::Message& request, List list,
                      google::protobuf::RepeatedPtrField<Record>* records,
                      std::string* next_page_token) {
  const std::string caller = absl::StrCat(call.caller.agency, " ", call.caller.worker);
  TRUSTHUB_ASSIGN_OR_RETURN(const proto::PageStart start,
                            call.page_tokens.Open(request, caller, call.now));
  // Never more than are wanted are read at a time, so that the page ends where a read ended.
  std::int64_t end = start.after_position;
  bool more = true;
  while (more && records->size() < start.size) {
    TRUSTHUB_ASSIGN_OR_RETURN(store::Page<Record> page, list(end, start.size - records->size()));
    more = page.more;
    end = page.last_position;
    TRUSTHUB_RETURN_IF_ERROR(AddVisible(call, std::move(page), records));
  }
  // Whether anything that exists for the caller follows.
  google::protobuf::RepeatedPtrField<Record> following;
  for (std::int64_t after = end; more && following.empty();) {
    TRUSTHUB_ASSIGN_OR_RETURN(store::Page<Record> page, list(after, 1));
    more = page.more;
    after = page.last_position;
    TRUSTHUB_RETURN_IF_ERROR(AddVisible(call, std::move(page), &following));
  }
  if (!following.empty()) {
    *next_page_token = call.page_tokens.Seal(request, caller, end, call.now);
  }
  return absl::OkStatus();
}

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_PAGING_H_
