"""What ``tests/fuzz.py`` runs: each parser of foreign bytes with a small corpus of good ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clew.records.layouts import built_in_layouts, recognise
from clew.records.profile_file import format_profile, parse_profile
from clew.records.sample import Sample, refuse_binary
from clew.records.settings import parse_settings
from clew.records.sniff import sniff
from tests import fuzz_warrants as warrants


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
    for _ in range(12):
        if not draft.questions:
            break
        question = draft.questions[0]
        answers[question.key] = question.choices[0].replace("NAMESPACE", "x") if question.choices else "x"
        draft = sniff(sample, answers)
    else:
        raise AssertionError("an answered question is asked again")
    draft.profile()


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

TARGETS = [
    Target("profile", profile, PROFILES, 500),
    Target("layout", layout, LAYOUTS, 200),
    Target("setting", setting, SETTINGS, 500),
    Target("envelope", warrants.envelope, warrants.ENVELOPES, 500),
    Target("warrant document", warrants.document, warrants.DOCUMENTS, 500),
    Target("warrant verification", warrants.verification, warrants.ENVELOPES, 200),
    Target("policy", warrants.policy, warrants.POLICIES, 500),
    Target("key file", warrants.key_file, warrants.KEY_FILES, 500),
]
