"""A partner's client that is not ours: Debian's Python and gRPC, stubs made by protoc.

Plays a school's referral and an emergency department's attendance against real services, and reads
errors as any gRPC client would: google.rpc details in grpc-status-details-bin.

Run by ctest, which says where the protos, the hub to start and the folder for the stubs are.
"""

import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid

import grpc
from cryptography.hazmat.primitives import serialization

SOURCE = pathlib.Path(os.environ["TRUSTHUB_SOURCE_DIR"])
STUBS = pathlib.Path(os.environ["TRUSTHUB_STUBS"])
HUB = os.environ["TRUSTHUB_HUB_FOR_TESTS"]
ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
HELP = "type.googleapis.com/google.rpc.Help"


def make_stubs():
    """Compiles the public protos as a partner would."""
    protos = SOURCE / "protos"
    files = [
        str(path)
        for path in sorted(protos.glob("trusthub/*/v1/*.proto"))
        if "internal" not in path.parts
    ]
    STUBS.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [
            "protoc",
            f"--proto_path={protos}",
            f"--python_out={STUBS}",
            f"--grpc_python_out={STUBS}",
            "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin",
            *files,
        ],
        check=True,
    )
    sys.path.insert(0, str(STUBS))


class Hub:
    """A hub of six processes that ends with this one."""

    def __init__(self):
        self.process = subprocess.Popen(
            [HUB], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{HUB} ended with {self.process.wait()}")
        self.hello = json.loads(line)

    def stop(self):
        self.process.stdin.close()
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        return code


class Caller:
    """A worker at a partner's system: its certificate, and a token of its identity provider."""

    def __init__(self, hub, worker, token_of=None):
        caller = hub.hello["callers"][worker]
        self.addresses = hub.hello["addresses"]
        self.token = hub.hello["callers"][token_of or worker]["token"]
        self.credentials = grpc.ssl_channel_credentials(
            *(
                pathlib.Path(caller[file]).read_bytes()
                for file in ("server_ca", "key", "certificate")
            )
        )
        self.channels = {}

    def channel(self, service):
        if service not in self.channels:
            self.channels[service] = grpc.secure_channel(self.addresses[service], self.credentials)
        return self.channels[service]

    def metadata(self, purpose):
        return (
            ("authorization", f"Bearer {self.token}"),
            ("x-trusthub-purpose", purpose),
            ("x-trusthub-case-reference", "PARTNER-1"),
        )

    def call(self, service, method, request, purpose):
        """`method` is a method of the stub class of `service`, e.g. "RegisterChild"."""
        stubs = {
            "children": children_service_pb2_grpc.ChildrenServiceStub,
            "referrals": referrals_service_pb2_grpc.ReferralsServiceStub,
            "health": health_service_pb2_grpc.HealthServiceStub,
        }
        stub = stubs[service](self.channel(service))
        return getattr(stub, method)(request, metadata=self.metadata(purpose), timeout=20)

    def call_for_bytes(self, service, path, request, purpose):
        """The answer as it was received: what its receipt covers."""
        method = self.channel(service).unary_unary(
            path,
            request_serializer=type(request).SerializeToString,
            response_deserializer=bytes,
        )
        return method(request, metadata=self.metadata(purpose), timeout=20)

    def watch(self, service, request, purpose):
        stub = events_service_pb2_grpc.EventsServiceStub(self.channel(service))
        return stub.Watch(request, metadata=self.metadata(purpose), timeout=60)

    def close(self):
        for channel in self.channels.values():
            channel.close()


def details_of(error):
    """The google.rpc.Status of an error, and its details by type URL."""
    (encoded,) = [
        value for key, value in error.trailing_metadata() if key == "grpc-status-details-bin"
    ]
    status = details_pb2.Status.FromString(encoded)
    return status, {detail.type_url: detail.value for detail in status.details}


def registration(description, request_id):
    year, month, day = description["birth_date"]
    return children_service_pb2.RegisterChildRequest(
        request_id=request_id,
        details=child_pb2.ChildDetails(
            person_name={"given": description["given"], "family": description["family"]},
            birth_date={"year": year, "month": month, "day": day},
            sex=child_pb2.SEX_FEMALE,
            nhs_number=description["nhs_number"],
            upn=description["upn"],
            ethnicity="ABAN",
            first_language="bn",
        ),
    )


def referral_of(child, request_id, concern="Hungry and tired for weeks."):
    return referrals_service_pb2.SubmitReferralRequest(
        request_id=request_id,
        to_agency="agencies/redbridge-council",
        referral=referral_pb2.Referral(
            child=child,
            source="2A",
            primary_need="N1",
            abuse_category="NEG",
            concern=concern,
            ethnicity="ABAN",
            first_language="bn",
        ),
    )


class PartnerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        cls.school = Caller(cls.hub, "uphall-lead-01")
        cls.nurse = Caller(cls.hub, "bhrut-nurse-01")
        cls.council = Caller(cls.hub, "lbr-sw-01")

    @classmethod
    def tearDownClass(cls):
        for caller in (cls.school, cls.nurse, cls.council):
            caller.close()
        code = cls.hub.stop()
        if code != 0:
            raise RuntimeError(f"the hub ended with {code}")

    def assert_refused(self, code, reason, caller, *call):
        with self.assertRaises(grpc.RpcError) as raised:
            caller.call(*call)
        error = raised.exception
        self.assertEqual(error.code(), code, error.details())
        status, details = details_of(error)
        self.assertEqual(status.code, code.value[0])
        self.assertEqual(status.message, error.details())
        info = details_pb2.ErrorInfo.FromString(details[ERROR_INFO])
        self.assertEqual(info.reason, reason)
        self.assertEqual(info.domain, "trusthub")
        return details

    def once_known(self, *call):
        """The school's relation with a child reaches the other services as an event, in a moment."""
        give_up = time.monotonic() + 20
        while True:
            try:
                return self.school.call(*call)
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.NOT_FOUND or time.monotonic() > give_up:
                    raise
            threading.Event().wait(0.02)

    def test_school_refers_a_child_twice_and_one_referral_is_made(self):
        purpose = "safeguarding_referral"
        register = registration(self.hub.hello["new_child"], str(uuid.uuid4()))
        first = self.school.call("children", "RegisterChild", register, purpose)
        again = self.school.call("children", "RegisterChild", register, purpose)
        self.assertRegex(first.child, r"^children/[0-9a-v]{26}$")
        self.assertEqual(first.child, again.child)

        submit = referral_of(first.child, str(uuid.uuid4()))
        made = self.once_known("referrals", "SubmitReferral", submit, purpose)
        twice = self.school.call("referrals", "SubmitReferral", submit, purpose)
        self.assertEqual(made.referral.name, twice.referral.name)
        self.assertEqual(made.referral.state, referral_pb2.REFERRAL_STATE_RECEIVED)
        self.assertEqual(
            (made.referral.decision_due_date.month, made.referral.decision_due_date.day), (1, 12)
        )
        receipt = made.disclosure.receipt
        self.assertEqual((len(receipt.leaf_hash), len(receipt.root_hash)), (32, 32))
        self.assertEqual(len(receipt.signature), 64)
        self.assertNotEqual(receipt.entry_index, twice.disclosure.receipt.entry_index)

        read = self.school.call(
            "referrals",
            "GetReferral",
            referrals_service_pb2.GetReferralRequest(name=made.referral.name),
            purpose,
        )
        self.assertEqual(read.referral.concern, submit.referral.concern)

        # The same id with other content is no retry.
        self.assert_refused(
            grpc.StatusCode.INVALID_ARGUMENT,
            "REQUEST_ID_REUSED",
            self.school,
            "referrals",
            "SubmitReferral",
            referral_of(first.child, submit.request_id, "Something else."),
            purpose,
        )

    def test_a_kept_answer_is_evidence(self):
        purpose = "safeguarding_referral"
        register = registration(self.hub.hello["receipt_child"], str(uuid.uuid4()))
        child = self.school.call("children", "RegisterChild", register, purpose).child
        made = self.once_known(
            "referrals", "SubmitReferral", referral_of(child, str(uuid.uuid4())), purpose
        )
        path = "/trusthub.referrals.v1.ReferralsService/GetReferral"
        request = referrals_service_pb2.GetReferralRequest(name=made.referral.name)
        answer = self.school.call_for_bytes("referrals", path, request, purpose)
        # The two parts of the Disclosure are one for whoever parses it.
        parsed = referrals_service_pb2.GetReferralResponse.FromString(answer)
        self.assertEqual(parsed.referral.name, made.referral.name)
        self.assertTrue(parsed.disclosure.terms)
        receipt = parsed.disclosure.receipt
        self.assertEqual(
            parsed.disclosure.decision, f"{receipt.tree}/entries/{receipt.entry_index}"
        )

        self.assertEqual(self.verify(answer, path), 0)
        self.assertEqual(self.verify(answer.replace(b"Hungry", b"Sleepy"), path), 1)
        self.assertEqual(self.verify(made.SerializeToString(), path), 1)

    def verify(self, answer, path):
        """How deploy/verify-receipt ends for a file of `answer`, with the hub's published key."""
        folder = pathlib.Path(self.hub.hello["folder"])
        pem = (folder / "pki/services/referrals/audit.key").read_bytes()
        key = serialization.load_pem_private_key(pem, None).public_key()
        raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        with tempfile.TemporaryDirectory() as kept:
            keys = pathlib.Path(kept, "keys.txt")
            keys.write_text(f"{raw.hex()}\n")
            file = pathlib.Path(kept, "receipt.json")
            text = base64.b64encode(answer).decode()
            file.write_text(
                json.dumps({"format": "trusthub/receipt/v1", "method": path, "response": text})
            )
            verifier = [SOURCE / "deploy/verify-receipt", "--keys", keys, file]
            return subprocess.run(["/usr/bin/python3", "-B", *verifier], check=False).returncode

    def test_emergency_department_sees_the_flag_and_the_council_the_access(self):
        child = self.hub.hello["child_with_plan"]
        request = health_service_pb2.RegisterAttendanceRequest(
            request_id=str(uuid.uuid4()),
            attendance=attendance_pb2.Attendance(
                attendance_id=f"KGH-{uuid.uuid4()}"[:40],
                nhs_number=child["nhs_number"],
                setting="ED",
                site="King George Hospital",
                reason_class="INJURY",
            ),
        )
        answer = self.nurse.call("health", "RegisterAttendance", request, "unscheduled_care")
        self.assertEqual(answer.attendance.child, child["name"])
        (flag,) = answer.flags.flags
        self.assertEqual(flag.kind, "CHILD_PROTECTION_PLAN")
        self.assertEqual((flag.start_date.year, flag.start_date.month), (2010, 1))
        self.assertEqual(flag.responsible_agency, "agencies/redbridge-council")
        self.assertEqual(flag.office_telephone, "020 7946 0317")
        self.assertEqual(flag.emergency_telephone, "020 7946 0999")
        again = self.nurse.call("health", "RegisterAttendance", request, "unscheduled_care")
        self.assertEqual(again.attendance.name, answer.attendance.name)

        watch = events_service_pb2.WatchRequest(
            child=child["name"], kinds=[event_pb2.EVENT_KIND_STATUS_ACCESSED]
        )
        stream = self.council.watch("children", watch, "child_protection_planning")
        event = next(event for response in stream for event in response.events)
        stream.cancel()
        self.assertEqual(event.child, child["name"])
        self.assertEqual(event.kind, event_pb2.EVENT_KIND_STATUS_ACCESSED)

    def test_errors_list_every_violation(self):
        description = dict(self.hub.hello["new_child"], nhs_number="9434765918", upn="Z")
        request = registration(description, "not-a-uuid")
        details = self.assert_refused(
            grpc.StatusCode.INVALID_ARGUMENT,
            "REQUEST_INVALID",
            self.school,
            "children",
            "RegisterChild",
            request,
            "safeguarding_referral",
        )
        violations = details_pb2.BadRequest.FromString(details[BAD_REQUEST]).field_violations
        self.assertEqual(
            {violation.field for violation in violations},
            {"request_id", "details.nhs_number", "details.upn"},
        )
        for violation in violations:
            self.assertNotIn("9434765918", violation.description)
        self.assertTrue(details_pb2.Help.FromString(details[HELP]).links)

    def test_a_stolen_token_is_worth_nothing(self):
        thief = Caller(self.hub, "uphall-lead-01", token_of="bhrut-nurse-01")
        self.addCleanup(thief.close)
        self.assert_refused(
            grpc.StatusCode.UNAUTHENTICATED,
            "TOKEN_BINDING_MISMATCH",
            thief,
            "children",
            "RegisterChild",
            registration(self.hub.hello["new_child"], str(uuid.uuid4())),
            "unscheduled_care",
        )

    def test_referrals_are_not_for_the_emergency_department(self):
        self.assert_refused(
            grpc.StatusCode.PERMISSION_DENIED,
            "METHOD_NOT_PERMITTED",
            self.nurse,
            "referrals",
            "ListReferrals",
            referrals_service_pb2.ListReferralsRequest(
                child=self.hub.hello["child_with_plan"]["name"]
            ),
            "unscheduled_care",
        )


if __name__ == "__main__":
    make_stubs()
    from trusthub.children.v1 import child_pb2, children_service_pb2, children_service_pb2_grpc
    from trusthub.errors.v1 import details_pb2
    from trusthub.events.v1 import event_pb2, events_service_pb2, events_service_pb2_grpc
    from trusthub.health.v1 import attendance_pb2, health_service_pb2, health_service_pb2_grpc
    from trusthub.referrals.v1 import (
        referral_pb2,
        referrals_service_pb2,
        referrals_service_pb2_grpc,
    )

    unittest.main(verbosity=2)
