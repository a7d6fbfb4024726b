"""What ``tests/fuzz.py`` runs: each parser of foreign bytes with a small corpus of good ones."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clew.audit.log import Entry, FileLog
from clew.chain.graph import Bound, Detail, Header, Scope, read_header
from clew.records.layouts import built_in_layouts, recognise
from clew.records.preview import preview
from clew.records.profile import Profile
from clew.records.profile_file import format_profile, parse_profile, profile_from_document
from clew.records.sample import Sample, refuse_binary
from clew.records.scan import preview as scan_preview
from clew.records.settings import parse_settings
from clew.records.sniff import sniff
from tests import fuzz_group as joint
from tests import fuzz_joint as traces
from tests import fuzz_overlap as overlap
from tests import fuzz_warrants as warrants
from tests.fuzz_numbers import read_number
from tests.warrants import BEGIN, END


@dataclass(frozen=True)
class Target:
    """A parser: bytes in; returns, or raises a ``ClewError``. ``least``: fewer runs than that fail."""

    name: str
    run: Callable[[bytes], object]
    corpus: list[bytes]
    least: int


def profile(data: bytes) -> None:
    """A profile is refused, or is the same when it is written and read again."""
    found = parse_profile(data, "fuzz")
    again = format_profile(found)
    assert parse_profile(again.encode()) == found
    assert format_profile(parse_profile(again.encode())) == again


PROFILES = [format_profile(layout.profile).encode() for layout in built_in_layouts()]


def layout(data: bytes) -> None:
    """A file's beginning gives a draft; with every question answered as suggested, a profile or a refusal."""
    if not data:
        return
    sample = Sample(Path("fuzz.csv"), len(data), data, b"")
    refuse_binary(data, sample.path)
    recognise(sample, built_in_layouts())
    answers: dict[str, object] = {"operator": "x", "start.zone": "UTC", "country": "IQ"}
    draft = sniff(sample, answers)
    preview(draft)
    for _ in range(30):
        if not draft.questions:
            break
        question = draft.questions[0]
        answers[question.key] = question.choices[0].replace("NAMESPACE", "x") if question.choices else "x"
        draft = sniff(sample, answers)
    else:
        raise AssertionError("an answered question is asked again")
    draft.profile()
    preview(draft)


LAYOUTS = [
    b"From,To,Datetime,Duration(seconds),Cell Tower\n349,23,20060601 0008,1634,1\n379,364,20060601 0011,640,24\n",
    b"timestamp,from,to,duration\n184,300,301,121\n3920,512,299,-1\n",
    "appelant;appelé;date;heure;durée;texte\n0612345678;0145678901;25/03/2026;10:11:12;12,5;allô ?\n".encode("cp1252"),
    "الرقم المتصل;رقم المتصل به;تاريخ;وقت;مدة\n07901234567;122;03/04/2026;10:11;5\nعدد السجلات: 1\n".encode("cp1256"),
    "a,b,start,duration,kind\n+33612345678,+9647901234567,2026-03-02T10:11:12+03:00,5,voice\n".encode("utf-16"),
    b"MSISDN\tOther Party\tDate\tTime\tDirection\tDuration\n0790\t0791\t3/25/2026\t1:02 PM\tIncoming\t0:01:02\n",
    '\ufeff"+33612345678","0033145678901","02-Mar-2026 10:00:00","60"\n'.encode(),
]


def setting(data: bytes) -> None:
    """A setting of the command line."""
    parse_settings(data.decode("utf-8", "replace").splitlines())


SETTINGS = [
    b"start.zone=Asia/Baghdad\nform=national:IQ",
    b'start.columns=["a", "b,c"]',
    b"file.header_lines=3\nkind.words.x=voice",
]


def scanner(data: bytes) -> None:
    """Every byte of a file stands in exactly one unit, whatever it holds, and with whatever profile."""
    choice = data[0] if data else 0
    profile_ = SCANNED[choice % len(SCANNED)]
    seen = scan_preview(data[1:], profile_, "fuzz")
    lengths = [*seen.records["length"].to_pylist(), *seen.others["length"].to_pylist()]
    assert sum(lengths) == len(data) - 1 if data else not lengths
    units = [*seen.records["record_id"].to_pylist(), *seen.others["unit"].to_pylist()]
    assert sorted(units) == list(range(len(units)))


def _by_position(**changes: object) -> Profile:
    """A profile that any file of four columns can be read with."""
    document: dict[str, object] = {
        "version": 1,
        "name": "fuzz",
        "operator": "fuzz",
        "file": {"header_lines": 0},
        "a": {"column": 0, "form": "mixed:IQ"},
        "b": {"column": 1, "form": "international"},
        "start": {"columns": [2], "format": "%d/%m/%Y %H:%M:%S", "zone": "Europe/Paris"},
        "duration": {"column": 3, "unit": "h:m:s"},
        **changes,
    }
    return profile_from_document(document)


SCANNED = [
    _by_position(),
    _by_position(file={"header_lines": 0, "encoding": "utf-16", "delimiter": ";"}),
    _by_position(file={"header_lines": 0, "encoding": "windows-1256", "delimiter": "\t", "quote": ""}),
    _by_position(
        start={"columns": [2], "format": "iso", "zone": "Asia/Baghdad"}, footer={"prefix": "x", "count": "(.)"}
    ),
    _by_position(start={"columns": [2], "format": "%Y/%m/%d %H:%M", "zone": "UTC", "calendar": "umalqura"}),
    _by_position(a={"column": 0, "form": "opaque:x"}, b={"column": 1, "form": "opaque:x"}),
]
LINE = '07901234567,"+33612345678",25/03/2026 10:11:12,0:01:02\n07901234567,122,2026-03-02T10:11:12+03:00,-5\n'
LINES = [
    bytes([number]) + LINE.replace(",", profile_.delimiter).encode(profile_.encoding)
    for number, profile_ in enumerate(SCANNED)
]


def header(data: bytes) -> None:
    """The header of a traced graph is refused, or is the very bytes that Clew writes."""
    assert read_header(data).encode() == data


HEADERS = [
    Header(
        Scope("lantern", "0" * 64, 1, BEGIN, END, 2, 200),
        Bound((1, 5, 124), 149, 2, 0, 0),
        detail,
        (("iraq", "1" * 64),),
    ).encode()
    for detail in Detail
]


def log(data: bytes) -> None:
    """A log chains from its first line to its last, or is broken; what chains is what was written."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        path.write_bytes(data)
        entries = FileLog(path, lambda: END).entries()
    if data.endswith(b"\n"):
        assert len(entries) == data.count(b"\n")


def _log() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        for moment in (BEGIN, END):
            FileLog(path, lambda moment=moment: moment).commit(Entry("trace.bound", {"numbers": 130, "words": "a b"}))
        return path.read_bytes()


TARGETS = [
    Target("scanner", scanner, LINES, 300),
    Target("number", read_number, [b"+9647901234567", b"#31#0612345678", "٠٧٩٠١٢٣٤٥٦٧".encode(), b"sip:+331@x"], 300),
    Target("graph header", header, HEADERS, 500),
    Target("log", log, [_log()], 200),
    Target("profile", profile, PROFILES, 500),
    Target("layout", layout, LAYOUTS, 200),
    Target("setting", setting, SETTINGS, 500),
    Target("envelope", warrants.envelope, warrants.ENVELOPES, 500),
    Target("warrant document", warrants.document, warrants.DOCUMENTS, 500),
    Target("warrant verification", warrants.verification, warrants.ENVELOPES, 200),
    Target("policy", warrants.policy, warrants.POLICIES, 500),
    Target("key file", warrants.key_file, warrants.KEY_FILES, 500),
    Target("group points", joint.points, joint.POINT_LISTS, 200),
    Target("group scalar", joint.scalar, joint.SCALARS, 200),
    Target("group keys", joint.keys, joint.KEY_LISTS, 200),
    Target("OPRF evaluation", joint.evaluation, joint.EVALUATIONS, 100),
    Target("sealed items", joint.request, joint.REQUESTS, 100),
    Target("declared pairs", joint.declared, joint.PAIR_LISTS, 100),
    Target("encrypted pairs", joint.pairs, joint.PAIR_LISTS, 100),
    Target("answers about rows", joint.row_answers, joint.ROW_ANSWERS, 100),
    Target("answers about sought numbers", joint.recognised, joint.RECOGNITIONS, 100),
    Target("answers", joint.answers, joint.ANSWER_LISTS, 100),
    Target("proof of possession", joint.possession, joint.POSSESSIONS, 100),
    Target("proof of seeds", joint.seeds, joint.SEED_PROOFS, 100),
    Target("proof of names", joint.names, joint.NAME_PROOFS, 50),
    Target("proof of row points", joint.row_points, joint.ROW_POINT_PROOFS, 100),
    Target("snapshot rows", joint.rows, joint.SNAPSHOTS, 30),
    Target("descriptions of rows", joint.described_rows, joint.DESCRIPTIONS, 30),
    Target("trace message", traces.message, traces.MESSAGES, 150),
    Target("trace evidence", traces.evidence, traces.EVIDENCE, 200),
    Target("trace records", traces.records, traces.RECORDS, 300),
    Target("trace snapshot", traces.snapshot, traces.SNAPSHOTS, 100),
    Target("trace row", traces.row, traces.ROWS, 300),
    Target("node envelope", traces.envelope, traces.ENVELOPES, 200),
    Target("node state", traces.waits, traces.WAITS, 300),
    Target("node stored bytes", traces.sealed, traces.SEALED, 300),
    Target("node stored step", traces.step, traces.STEPS, 50),
    Target("node card", traces.card, traces.CARDS, 200),
    Target("request to unmask", traces.request, traces.REQUESTS, 200),
    Target("overlap message", overlap.message, overlap.MESSAGES, 200),
    Target("overlap letter", overlap.letter, overlap.LETTERS, 500),
    Target("overlap first letter", overlap.first_letter, overlap.LETTERS, 50),
    Target("overlap check file", overlap.check_file, overlap.CHECKS, 300),
    Target("overlap set", overlap.published, overlap.SETS, 300),
    Target("overlap filter", overlap.tag_filter, overlap.FILTERS, 500),
    Target("overlap state", overlap.state, overlap.STATES, 300),
    Target("overlap list", overlap.number_list, overlap.LISTS, 100),
]
