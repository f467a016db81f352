#include "tests/integration/question.h"

#include <iterator>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "deploy/hubctl/hub_folder.h"
#include "tests/integration/answers.h"
#include "tests/integration/two_worlds.h"
#include "trusthub/policy/v1/decisions_service.pb.h"

namespace trusthub::testing {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int kPagesMax = 60;

// Reviews of access come of reading the logs now and then; they have a test of their own.
bool IsOfLogs(const rpc::Method& method) {
  return absl::StrContains(method.path, "trusthub.audit.") ||
         absl::StrContains(method.path, "ExplainDecision") ||
         absl::StrContains(method.path, "AccessReview");
}

template <class Wanted>
std::vector<Offered> MethodsOf(World& world, Wanted wanted) {
  std::vector<Offered> offered;
  for (const char* service : hubctl::kServices) {
    for (const auto& method : world.hub().host(service).methods().methods()) {
      if (method->route.handler != nullptr && wanted(*method)) {
        offered.push_back({service, method.get()});
      }
    }
  }
  return offered;
}

std::unique_ptr<Message> RequestOf(const Question& question, const Life& life) {
  std::unique_ptr<Message> request(question.offered->method->route.request_prototype->New());
  const auto& reflection = *request->GetReflection();
  const Descriptor* type = request->GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    const auto& rule = field->options().GetExtension(options::v1::field);
    if (field->name() == "page_size") {
      reflection.SetInt32(request.get(), field, question.page_size);
    } else if (field->name() == "nhs_number") {
      reflection.SetString(request.get(), field, life.nhs_number);
    } else if (field->name() == "attendance_id") {
      reflection.SetString(request.get(), field, life.attendance_id);
    } else if (rule.format() == options::v1::FORMAT_NAME && !field->is_repeated()) {
      const bool named = rule.behaviour() == options::v1::BEHAVIOUR_REQUIRED;
      if (named) {
        reflection.SetString(request.get(), field, NameFor(life, rule.collection(), question.pick));
      }
    }
  }
  return request;
}

std::string NextPage(const Answer& answer) {
  if (!answer.status.ok()) return "";
  const FieldDescriptor* next =
      answer.response->GetDescriptor()->FindFieldByName("next_page_token");
  return next == nullptr ? "" : answer.response->GetReflection()->GetString(*answer.response, next);
}

std::string Explain(World& world, const Question& question, const Answer& answer,
                    Canonical& canonical) {
  policy::v1::ExplainDecisionRequest request;
  request.set_decision(DecisionOf(answer));
  if (request.decision().empty()) return "";
  return canonical.TextOf(Ask(world.cast().At(question.worker), request,
                              PurposeName(question.purpose), kReference,
                              question.offered->service));
}

}  // namespace

std::vector<Offered> ReadingsOf(World& world) {
  return MethodsOf(
      world, [](const rpc::Method& method) { return !method.rule.mutates() && !IsOfLogs(method); });
}

std::vector<Offered> ChangesOf(World& world) {
  return MethodsOf(world, [](const rpc::Method& method) { return method.rule.mutates(); });
}

Question RandomQuestion(World& world, const std::vector<Offered>& offered, std::mt19937& random) {
  while (true) {
    Question question;
    question.offered = &offered[random() % offered.size()];
    const rpc::Method& method = *question.offered->method;
    do {
      question.life = random() % world.lives().size();
      question.worker = Workers()[random() % Workers().size()];
    } while (MayKnow(question.worker, world.lives()[question.life].secret));
    const options::v1::Role role = world.cast().At(question.worker).worker().role();
    if (((method.roles >> role) & 1) == 0 && random() % 8 != 0) continue;
    const int purposes = method.rule.purposes_size();
    question.purpose =
        random() % 16 == 0
            ? static_cast<options::v1::Purpose>(1 + random() % options::v1::Purpose_MAX)
            : method.rule.purposes(static_cast<int>(random() % static_cast<unsigned>(purposes)));
    question.pick = random();
    question.page_size = static_cast<int>(random() % 4);  // 0: the default
    question.explain = random() % 4 == 0;
    return question;
  }
}

std::string NameFor(const Life& life, const std::string& collection, std::uint32_t pick) {
  std::vector<std::string> names;
  if (const auto found = life.records.find(collection); found != life.records.end()) {
    names = found->second;
  }
  for (const std::string& secret : life.secrets) {
    if (CollectionOf(secret) == collection) names.push_back(secret);
  }
  if (names.empty()) return absl::StrCat(collection, "/", std::string(26, '0'));
  return names[pick % names.size()];
}

std::string Put(World& world, const Question& question) {
  world.hub().clock().Advance(kStep);
  hubctl::Desk& desk = world.cast().At(question.worker);
  const std::unique_ptr<Message> request = RequestOf(question, world.lives()[question.life]);
  const std::string purpose = PurposeName(question.purpose);
  const auto& reflection = *request->GetReflection();
  const FieldDescriptor* token = request->GetDescriptor()->FindFieldByName("page_token");
  Canonical canonical;
  std::string seen;
  for (int page = 0; page < kPagesMax; ++page) {
    const Answer answer = Ask(desk, *request, purpose, kReference, question.offered->service);
    absl::StrAppend(&seen, "page ", page, "\n", canonical.TextOf(answer));
    if (question.explain) absl::StrAppend(&seen, Explain(world, question, answer, canonical));
    const std::string next = NextPage(answer);
    if (token == nullptr || next.empty()) break;
    reflection.SetString(request.get(), token, next);
  }
  return seen;
}

std::string Describe(World& world, const Question& question) {
  const Life& life = world.lives()[question.life];
  return absl::StrCat("TRUSTHUB_TEST_SEED=", TestSeed(), ": ", question.worker, " for ",
                      PurposeName(question.purpose), " calls ", question.offered->method->path,
                      ", child ", question.life, " with secret ", NameOf(life.secret), ", pick ",
                      question.pick, ", page size ", question.page_size);
}

}  // namespace trusthub::testing
