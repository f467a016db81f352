#!/usr/bin/env python3
"""Which of the thread sanitizer's reports are of our code: prints those, and fails if there is one.

    races.py REPORTS...   files, or folders of them (TSAN_OPTIONS=log_path)

gRPC's headers are compiled into ours, and hand over between threads by a library that is not built
with the sanitizer: it sees both accesses and not the order between them. A report is ours when, on
either side, the innermost function that is not of the C++ library, Abseil's headers or the
sanitizer stands in a file that is not gRPC's. (A suppression looks at one function, and that is
mostly one of std::function's; one for every function of the stack would hide what gRPC calls.)
"""

import pathlib
import re
import sys

# Paths of frames that say nothing of whose access it is.
LIBRARIES = re.compile(r"/c\+\+/\d+/|/usr/include/absl/|/bits/|compiler-rt")
GRPC = re.compile(r"/include/grpc(pp)?/")
# Functions of the sanitizer's own, without a file.
INTERCEPTED = re.compile(
    r"(operator (new|delete)|malloc|calloc|realloc|free|mem\w+|str\w+|pthread_\w+|read|write|p?send\w*)\b")
ACCESS = re.compile(
    r"^  (?:Previous )?(?:[Aa]tomic )?(?:[Rr]ead|[Ww]rite) of size[^\n]*:\n((?:    #\d+[^\n]*\n)+)", re.M)
# A file may have no line; a function without a file has <null> in its place.
FRAME = re.compile(r"^    #\d+ (.*) (\S+) \(\S+\+0x", re.M)


def place_of(stack):
    """File of the innermost function that says whose access it is; empty when none does."""
    for function, place in FRAME.findall(stack):
        if LIBRARIES.search(place) or (place == "<null>" and INTERCEPTED.match(function)):
            continue
        return place
    return ""


def is_ours(report):
    places = [place_of(stack) for stack in ACCESS.findall(report)]
    # What cannot be read is looked at by a person.
    return len(places) != 2 or not all(GRPC.search(place) for place in places)


def main(arguments):
    files = []
    for argument in map(pathlib.Path, arguments):
        files += sorted(argument.iterdir()) if argument.is_dir() else [argument]
    all_reports, ours = 0, []
    for file in files:
        text = file.read_text(errors="replace")
        for report in text.split("WARNING: ThreadSanitizer: ")[1:]:
            report = report.split("\n==================")[0]
            all_reports += 1
            if is_ours(report):
                ours.append(f"{file.name}: {report[:4000]}")
    for report in ours:
        print(report, end="\n\n")
    print(f"{all_reports} reports, of our code {len(ours)}")
    return 1 if ours else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
