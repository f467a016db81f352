#include "common/store/copy/copying.h"

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"

namespace trusthub::store::copy {
namespace {

// Rows read at a time, of either side.
constexpr int kRowsRead = 256;
// What one transaction writes at most, but for its last row.
constexpr std::size_t kRowsWritten = 512;
constexpr std::size_t kBytesWritten = 1 << 20;
// Rows between two words about progress.
constexpr std::int64_t kRowsBetweenWords = 2000;

// One side of a walk, page by page.
class Cursor {
 public:
  Cursor(RowView& view, const Shape& shape, Row after)
      : view_(view), shape_(shape), after_(std::move(after)) {}

  // The row it stands at; null behind the last.
  absl::StatusOr<const Row*> Get() {
    if (next_ == page_.size() && !ended_) {
      TRUSTHUB_ASSIGN_OR_RETURN(page_, view_.Read(shape_.table, after_, kRowsRead));
      next_ = 0;
      ended_ = page_.size() < kRowsRead;
      if (!page_.empty()) after_ = KeyOf(shape_, page_.back());
    }
    return next_ < page_.size() ? &page_[next_] : nullptr;
  }
  void Go() { ++next_; }

 private:
  RowView& view_;
  const Shape& shape_;
  Row after_;
  std::vector<Row> page_;
  std::size_t next_ = 0;
  bool ended_ = false;
};

std::size_t SizeOf(const Row& row) {
  std::size_t size = 0;
  for (const Cell& cell : row) size += sizeof(Cell) + cell.bytes.size();
  return size;
}

// Tells of progress, not at every row.
class Words {
 public:
  Words(const char* what, const CopyOptions& options) : what_(what), options_(options) {}
  void Row(const Shape& shape) {
    if (++rows_ % kRowsBetweenWords == 0) Say(shape);
  }
  void Say(const Shape& shape) {
    if (options_.progress) options_.progress({what_, shape.name, rows_});
  }

 private:
  const char* const what_;
  const CopyOptions& options_;
  std::int64_t rows_ = 0;
};

// A walk that makes the target as the view is.
class Writing {
 public:
  Writing(RowView& view, RowTarget& target, Progress progress, bool fills)
      : view_(view), target_(target), progress_(std::move(progress)), fills_(fills) {}

  absl::Status Table(const Shape& shape, const Row& after, Words& words) {
    batch_.table = shape.table;
    const auto differs = [&](const Row* here, const Row* there) -> absl::Status {
      if (here != nullptr) {
        bytes_ += SizeOf(*here);
        batch_.put.push_back(*here);
      } else {
        batch_.removed.push_back(KeyOf(shape, *there));
      }
      ++changed_;
      if (fills_) progress_.after = KeyOf(shape, here != nullptr ? *here : *there);
      const bool full =
          batch_.put.size() + batch_.removed.size() >= kRowsWritten || bytes_ >= kBytesWritten;
      return full ? Flush() : absl::OkStatus();
    };
    TRUSTHUB_RETURN_IF_ERROR(ForEachDifference(view_, target_.rows(), shape, after, differs,
                                               [&](const Row&) { words.Row(shape); }));
    words.Say(shape);
    if (!fills_) return batch_.put.empty() && batch_.removed.empty() ? absl::OkStatus() : Flush();
    ++progress_.table;
    progress_.after.clear();
    return Flush();
  }

  const Progress& progress() const { return progress_; }
  std::int64_t changed() const { return changed_; }

 private:
  absl::Status Flush() {
    TRUSTHUB_RETURN_IF_ERROR(target_.Write(batch_, progress_));
    batch_.put.clear();
    batch_.removed.clear();
    bytes_ = 0;
    return absl::OkStatus();
  }

  RowView& view_;
  RowTarget& target_;
  Progress progress_;
  const bool fills_;
  RowBatch batch_;
  std::size_t bytes_ = 0;
  std::int64_t changed_ = 0;
};

absl::StatusOr<Progress> Fill(RowView& view, RowTarget& target, Progress progress,
                              const CopyOptions& options) {
  Words words("filling", options);
  Writing writing(view, target, progress, /*fills=*/true);
  Row after = std::move(progress.after);
  for (std::size_t i = static_cast<std::size_t>(progress.table); i < Shapes().size(); ++i) {
    TRUSTHUB_RETURN_IF_ERROR(writing.Table(Shapes()[i], after, words));
    after.clear();
  }
  return writing.progress();
}

// How many rows it wrote or removed.
absl::StatusOr<std::int64_t> Follow(RowView& view, RowTarget& target, const Progress& progress,
                                    const CopyOptions& options) {
  Words words("following", options);
  Writing writing(view, target, progress, /*fills=*/false);
  for (const Shape& shape : Shapes()) {
    TRUSTHUB_RETURN_IF_ERROR(writing.Table(shape, {}, words));
  }
  return writing.changed();
}

// Names of audit trees are random and never given twice: they say which store it is.
absl::StatusOr<std::string> IdentityOf(RowView& view) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> names, TreeNames(view));
  return absl::StrJoin(names, " ");
}

absl::Status Refused(absl::string_view place, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat("store ", place, ": ", why));
}

// Whether what the two sides say of themselves lets a copy begin, or go on.
absl::Status CheckPair(const RowSource& source, const RowTarget& target) {
  const std::string& moved = source.retired_to();
  if (!moved.empty() && moved != target.name()) {
    return Refused(source.name(), absl::StrCat("was moved to ", moved));
  }
  if (!moved.empty() && target.state() == RowTarget::State::kEmpty) {
    return Refused(target.name(), absl::StrCat("holds nothing, but ", source.name(),
                                               " was moved to it; restore it from a backup"));
  }
  if (moved.empty() && target.state() == RowTarget::State::kWhole) {
    return Refused(target.name(), "holds a store already");
  }
  return absl::OkStatus();
}

absl::StatusOr<Progress> BeginningOf(const std::string& identity, const RowTarget& target) {
  if (identity.empty()) return absl::FailedPreconditionError("the store holds no audit tree");
  Progress progress;
  progress.source = identity;
  if (target.state() == RowTarget::State::kEmpty) return progress;
  if (target.progress().source == identity) return target.progress();
  return Refused(target.name(), "holds a part of another store; remove that first");
}

absl::Status AwaitEndOfWriter(RowSource& source, RowTarget& target, const Progress& progress,
                              const CopyOptions& options, CopyResult* result) {
  while (true) {
    TRUSTHUB_ASSIGN_OR_RETURN(const bool out, source.KeepWritersOut());
    if (out) return absl::OkStatus();
    TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<RowView> view, source.View());
    TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t changed, Follow(*view, target, progress, options));
    ++result->walks;
    if (changed == 0 && options.pause) options.pause();
  }
}

absl::StatusOr<CopyResult> CopyFrom(RowSource& source, RowTarget& target,
                                    const CopyOptions& options) {
  CopyResult result;
  if (!options.follow) TRUSTHUB_RETURN_IF_ERROR(KeepOut(source));
  TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<RowView> view, source.View());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string identity, IdentityOf(*view));
  TRUSTHUB_ASSIGN_OR_RETURN(Progress progress, BeginningOf(identity, target));
  result.resumed = progress.table > 0 || !progress.after.empty();
  TRUSTHUB_ASSIGN_OR_RETURN(progress, Fill(*view, target, std::move(progress), options));
  ++result.walks;
  if (options.follow) {
    view.reset();
    TRUSTHUB_RETURN_IF_ERROR(AwaitEndOfWriter(source, target, progress, options, &result));
    TRUSTHUB_ASSIGN_OR_RETURN(view, source.View());
  }
  if (options.follow || result.resumed) {
    TRUSTHUB_RETURN_IF_ERROR(Follow(*view, target, progress, options).status());
    ++result.walks;
  }
  TRUSTHUB_ASSIGN_OR_RETURN(result.tables, VerifyCopy(*view, target.rows(), options));
  return result;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> TreeNames(RowView& view) {
  std::vector<std::string> names;
  Cursor trees(view, ShapeOf(Table::kTree), {});
  while (true) {
    TRUSTHUB_ASSIGN_OR_RETURN(const Row* const tree, trees.Get());
    if (tree == nullptr) return names;
    names.push_back(tree->at(1).bytes);
    trees.Go();
  }
}

absl::Status ForEachDifference(
    RowView& a, RowView& b, const Shape& shape, const Row& after,
    absl::FunctionRef<absl::Status(const Row* of_a, const Row* of_b)> differs,
    absl::FunctionRef<void(const Row& of_a)> each) {
  Cursor in_a(a, shape, after);
  Cursor in_b(b, shape, after);
  while (true) {
    TRUSTHUB_ASSIGN_OR_RETURN(const Row* const of_a, in_a.Get());
    TRUSTHUB_ASSIGN_OR_RETURN(const Row* const of_b, in_b.Get());
    if (of_a == nullptr && of_b == nullptr) return absl::OkStatus();
    int order = of_b == nullptr ? -1 : 1;
    if (of_a != nullptr && of_b != nullptr) order = CompareKeys(shape, *of_a, *of_b);
    if (order <= 0) each(*of_a);
    if (order < 0) {
      TRUSTHUB_RETURN_IF_ERROR(differs(of_a, nullptr));
    } else if (order > 0) {
      TRUSTHUB_RETURN_IF_ERROR(differs(nullptr, of_b));
    } else if (*of_a != *of_b) {
      TRUSTHUB_RETURN_IF_ERROR(differs(of_a, of_b));
    }
    if (order <= 0) in_a.Go();
    if (order >= 0) in_b.Go();
  }
}

absl::StatusOr<std::vector<TableSum>> VerifyCopy(RowView& source, RowView& copied,
                                                 const CopyOptions& options) {
  Words words("verifying", options);
  std::vector<TableSum> sums;
  for (const Shape& shape : Shapes()) {
    TableSum sum;
    sum.table = shape.name;
    // Every byte of the two sides is compared, so one digest is that of both.
    const auto each = [&](const Row& row) {
      ++sum.rows;
      sum.digest = crypto::Sha256({sum.digest, RowDigest(shape, row)});
      words.Row(shape);
    };
    const auto differs = [&](const Row* here, const Row* there) {
      const char* how = there == nullptr  ? "is missing in the copy"
                        : here == nullptr ? "is in the copy and not in the store"
                                          : "is not what the store has";
      return absl::DataLossError(absl::StrCat(
          "the copy is not the store: ", RowText(shape, here != nullptr ? *here : *there), " ",
          how));
    };
    TRUSTHUB_RETURN_IF_ERROR(ForEachDifference(source, copied, shape, {}, differs, each));
    words.Say(shape);
    sums.push_back(std::move(sum));
  }
  return sums;
}

absl::Status KeepOut(RowSource& source) {
  TRUSTHUB_ASSIGN_OR_RETURN(const bool out, source.KeepWritersOut());
  if (out) return absl::OkStatus();
  return Refused(source.name(),
                 "a service has it open; stop that first, or say --follow to copy while it works");
}

absl::StatusOr<CopyResult> CopyStore(RowSource& source, RowTarget& target,
                                     const CopyOptions& options) {
  TRUSTHUB_RETURN_IF_ERROR(CheckPair(source, target));
  if (target.state() == RowTarget::State::kWhole) {
    CopyResult done;
    done.was_done = true;
    return done;
  }
  TRUSTHUB_ASSIGN_OR_RETURN(CopyResult result, CopyFrom(source, target, options));
  if (options.check) TRUSTHUB_RETURN_IF_ERROR(options.check(target.rows()));
  if (options.bring_along) TRUSTHUB_RETURN_IF_ERROR(options.bring_along());
  TRUSTHUB_RETURN_IF_ERROR(source.Retire(target.name()));
  TRUSTHUB_RETURN_IF_ERROR(target.Finish());
  return result;
}

absl::StatusOr<CopyResult> CopyView(RowView& view, RowTarget& target, const CopyOptions& options) {
  CopyResult result;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string identity, IdentityOf(view));
  TRUSTHUB_ASSIGN_OR_RETURN(Progress progress, BeginningOf(identity, target));
  progress.table = 0;  // the mark is of another view
  progress.after.clear();
  TRUSTHUB_RETURN_IF_ERROR(Fill(view, target, std::move(progress), options).status());
  ++result.walks;
  TRUSTHUB_ASSIGN_OR_RETURN(result.tables, VerifyCopy(view, target.rows(), options));
  if (options.check) TRUSTHUB_RETURN_IF_ERROR(options.check(target.rows()));
  TRUSTHUB_RETURN_IF_ERROR(target.Finish());
  return result;
}

}  // namespace trusthub::store::copy
