// Time of a decision, of an explanation and of an answer's copy, printed. Run it on an optimised
// build: ninja -C build/release policy_bench && build/release/bin/policy_bench AGREEMENTS_FOLDER
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <vector>

#include "common/policy/policy.h"
#include "trusthub/assessments/v1/assessments_service.pb.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/health/v1/health_service.pb.h"
#include "trusthub/plans/v1/plans_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::policy {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Nanoseconds of one call of `work`: the median of rounds, so that other work on the machine has
// little say.
double NanosOf(int rounds, int times, const std::function<void()>& work) {
  std::vector<double> taken;
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i) work();
    const std::chrono::duration<double, std::nano> all = std::chrono::steady_clock::now() - start;
    taken.push_back(all.count() / times);
  }
  return Median(taken);
}

// --- Decisions --------------------------------------------------------------------------------

struct Asked {
  auth::Principal caller;
  Question question;
};

// A question for each (agency kind, role, purpose, kind of record) that agreements name together,
// of a caller who stands in every relation to a child with every flag and consent: the most that a
// decision can have to do.
std::vector<Asked> EveryQuestion(const Agreements& agreements) {
  std::vector<Asked> all;
  for (const v1::Agreement& agreement : agreements.agreements()) {
    for (const v1::Item& item : agreement.items()) {
      for (const int kind : item.to().agency_kinds()) {
        for (const int role : item.to().roles()) {
          for (const int purpose : item.purposes()) {
            for (const int record : item.records()) {
              Asked& asked = all.emplace_back();
              asked.caller.agency = "agencies/some-agency";
              asked.caller.agency_kind = static_cast<directory::v1::AgencyKind>(kind);
              asked.caller.role = static_cast<options::v1::Role>(role);
              asked.question.purpose = static_cast<Purpose>(purpose);
              asked.question.record_kind = static_cast<RecordKind>(record);
              asked.question.relations = ~std::uint32_t{0};
              asked.question.child_flags = ~std::uint32_t{0};
              asked.question.consent = ConsentStanding::kGiven;
              asked.question.provider = "agencies/some-other-agency";
              asked.question.provider_kind = directory::v1::AGENCY_KIND_COUNCIL;
              asked.question.day = absl::CivilDay(2010, 3, 16);
            }
          }
        }
      }
    }
  }
  for (Asked& asked : all) asked.question.caller = &asked.caller;
  return all;
}

void BenchDecide(const Agreements& agreements) {
  const std::vector<Asked> all = EveryQuestion(agreements);
  std::uint64_t sum = 0;
  std::vector<double> each;
  for (const Asked& asked : all) {
    each.push_back(
        NanosOf(5, 200, [&] { sum += agreements.Decide(asked.question).granted.bits(); }));
  }
  // One after the other, so that no question finds its rules in the nearest cache.
  const double in_turn = NanosOf(15, 1,
                                 [&] {
                                   for (const Asked& asked : all) {
                                     sum += agreements.Decide(asked.question).granted.bits();
                                   }
                                 }) /
                         static_cast<double>(all.size());
  std::printf(
      "decide: %zu questions; median %.0f ns, slowest %.0f ns; in turn %.0f ns, which is "
      "%.0f decisions a second and core (%llu)\n",
      all.size(), Median(each), *std::max_element(each.begin(), each.end()), in_turn, 1e9 / in_turn,
      static_cast<unsigned long long>(sum));
}

void BenchCoversAndExplain(const Agreements& agreements) {
  const std::vector<Asked> all = EveryQuestion(agreements);
  std::size_t sum = 0;
  std::size_t at = 0;
  const auto next = [&]() -> const Question& { return all[at++ % all.size()].question; };
  const double covers = NanosOf(15, 2000, [&] {
    const Question& question = next();
    sum += agreements.Covers(*question.caller, question.purpose, question.day) ? 1 : 0;
  });
  const double explain = NanosOf(15, 500, [&] {
    sum += agreements.ExplainWithheld(next(), options::v1::CATEGORY_PLAN_CONTENT).reason.size();
  });
  std::printf("covers: %.0f ns; explain one category: %.0f ns (%zu)\n", covers, explain, sum);
}

// --- Copies -----------------------------------------------------------------------------------

// Sets every field, `depth` messages deep, two of each repeated one.
void Fill(Message* message, int depth) {
  const auto& r = *message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* f = message->GetDescriptor()->field(i);
    for (int n = f->is_repeated() ? 2 : 1; n > 0; --n) {
      const bool many = f->is_repeated();
      if (f->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        const char* text = "a text of some forty characters, as usual";
        many ? r.AddString(message, f, text) : r.SetString(message, f, text);
      } else if (f->cpp_type() == FieldDescriptor::CPPTYPE_BOOL && !many) {
        r.SetBool(message, f, true);
      } else if (f->cpp_type() == FieldDescriptor::CPPTYPE_INT32 && !many) {
        r.SetInt32(message, f, 7);
      } else if (f->cpp_type() == FieldDescriptor::CPPTYPE_INT64 && !many) {
        r.SetInt64(message, f, 7);
      } else if (f->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
        many ? r.AddEnumValue(message, f, 1) : r.SetEnumValue(message, f, 1);
      } else if (f->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && depth > 0) {
        Fill(many ? r.AddMessage(message, f) : r.MutableMessage(message, f), depth - 1);
      }
    }
  }
}

// A repeated field of messages counts once, and what stands in its messages counts too.
int PopulatedFields(const Message& message) {
  const auto& r = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  r.ListFields(message, &fields);
  int count = static_cast<int>(fields.size());
  for (const FieldDescriptor* f : fields) {
    if (f->message_type() == nullptr) continue;
    if (!f->is_repeated()) {
      count += PopulatedFields(r.GetMessage(message, f));
      continue;
    }
    for (int i = 0; i < r.FieldSize(message, f); ++i) {
      count += PopulatedFields(r.GetRepeatedMessage(message, f, i));
    }
  }
  return count;
}

// Prints nanoseconds a populated field where everything is granted, where one category is not, and
// where only the envelope is.
void BenchBuild(const Message& prototype) {
  const auto plan = CompileGrantPlan(prototype.GetDescriptor());
  const std::unique_ptr<Message> full(prototype.New());
  Fill(full.get(), 5);
  // The Disclosure is not of the handler's making.
  const FieldDescriptor* disclosure = prototype.GetDescriptor()->FindFieldByName("disclosure");
  if (disclosure != nullptr) full->GetReflection()->ClearField(full.get(), disclosure);
  const int populated = PopulatedFields(*full);
  const CategorySet everything(~std::uint64_t{0});
  CategorySet without_worker = everything;
  without_worker.Remove(options::v1::CATEGORY_WORKER);
  CategorySet envelope;
  envelope.Add(options::v1::CATEGORY_OPERATIONAL);
  std::printf("build %s, %d populated fields:", prototype.GetDescriptor()->name().c_str(),
              populated);
  for (const CategorySet granted : {everything, without_worker, envelope}) {
    const double nanos = NanosOf(15, 2000, [&] {
      const std::unique_ptr<Message> out(prototype.New());
      (*plan)->Build(
          *full, granted, [granted](const RecordFacts&) { return granted; }, out.get());
    });
    std::printf(" %.0f", nanos / populated);
  }
  std::printf(" ns a field (all, all but one category, envelope)\n");
}

}  // namespace
}  // namespace trusthub::policy

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: policy_bench AGREEMENTS_FOLDER\n");
    return 2;
  }
  const auto agreements = trusthub::policy::LoadAgreements(argv[1]);
  if (!agreements.ok()) {
    std::fprintf(stderr, "%s\n", agreements.status().ToString().c_str());
    return 1;
  }
  trusthub::policy::BenchDecide(**agreements);
  trusthub::policy::BenchCoversAndExplain(**agreements);
  trusthub::policy::BenchBuild(trusthub::referrals::v1::GetReferralResponse());
  trusthub::policy::BenchBuild(trusthub::children::v1::GetChildResponse());
  trusthub::policy::BenchBuild(trusthub::assessments::v1::GetEnquiryResponse());
  trusthub::policy::BenchBuild(trusthub::plans::v1::ListPlansResponse());
  trusthub::policy::BenchBuild(trusthub::health::v1::GetAttendanceResponse());
  return 0;
}
