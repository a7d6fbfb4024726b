"""What two services' exports look like: Iraq's and France's, each with its own layout, forms, zone and damage.

The records name no role and no cell of the group: what is planted is known only to the tables of truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clew.records.profile import DurationRule, FooterRule, KindRule, NumberRule, Profile, TimeRule
from clew.records.schema import RecordKind
from clew.synth.calling import FRANCE, IRAQ, wall_clock

__all__ = [
    "BEGIN",
    "DAMAGE",
    "FRENCH",
    "IRAQI",
    "Export",
    "Recorded",
    "Service",
    "Shown",
    "french_profile",
    "iraqi_profile",
    "write_export",
]

Ints = npt.NDArray[np.int64]

BEGIN: Final = np.datetime64("2026-03-02T00:00:00", "s")

DAMAGE: Final = ("cut short", "a field too many", "impossible date", "no date", "not a record")
"""How lines are broken; every one of them must be rejected, never guessed."""

_BROKEN: Final = 0.003
_REPEATED: Final = 0.001


@final
@dataclass(frozen=True, slots=True)
class Service:
    """One service's way of writing: file name, country, bytes of header and footer, encoding."""

    name: str
    file: str
    country: int
    header: str
    encoding: str
    delimiter: str
    profile: Callable[[], Profile]


@final
@dataclass(frozen=True, slots=True)
class Export:
    """What one file holds, known while it was written: every unit, so that an import's account can be checked.

    ``units = records + duplicates + rejected + header_footer``, where ``records`` still counts both services' records
    of one call. ``claimed`` is the count in the footer.
    """

    service: str
    file: str
    units: int
    records: int
    duplicates: int
    rejected: int
    header_footer: int
    claimed: int
    by_damage: dict[str, int]
    whole: npt.NDArray[np.bool_]
    """By event of the scenario: whether this file holds a whole record of it."""


def iraqi_profile() -> Profile:
    """How to read the Iraqi service's file."""
    return Profile(
        name="synthetic-iraq",
        operator="iraq",
        a=NumberRule("الرقم الطالب", "mixed:IQ"),
        b=NumberRule("الرقم المطلوب", "mixed:IQ"),
        start=TimeRule(("وقت البدء",), "%Y-%m-%d %H:%M:%S", "Asia/Baghdad"),
        duration=DurationRule("المدة بالثواني", "s"),
        kind=KindRule("النوع", {"مكالمة": RecordKind.VOICE, "رسالة": RecordKind.MESSAGE, "لم يرد": RecordKind.MISSED}),
        imei="IMEI",
        operator_record="رقم السجل",
        content=("نص الرسالة",),
        location=("البرج",),
        footer=FooterRule("# عدد السجلات", r"(\d+)"),
        description="The Iraqi service's export in the synthetic scenario.",
    )


def french_profile() -> Profile:
    """How to read the French service's file."""
    return Profile(
        name="synthetic-france",
        operator="france",
        a=NumberRule("Appelant", "national:FR"),
        b=NumberRule("Appelé", "national:FR"),
        start=TimeRule(("Date", "Heure"), "%d/%m/%Y %H:%M:%S", "Europe/Paris"),
        duration=DurationRule("Durée (s)", "s"),
        kind=KindRule("Nature", {"voix": RecordKind.VOICE, "SMS": RecordKind.MESSAGE, "échec": RecordKind.MISSED}),
        imei="IMEI",
        operator_record="Identifiant",
        location=("Cellule", "Latitude", "Longitude"),
        traits=("Titulaire",),
        encoding="cp1252",
        delimiter=";",
        footer=FooterRule("FIN", r"(\d+)"),
        description="The French service's export in the synthetic scenario.",
    )


IRAQI: Final = Service(
    "iraq",
    "iraq-calls.csv",
    IRAQ,
    "رقم السجل,الرقم الطالب,الرقم المطلوب,وقت البدء,المدة بالثواني,النوع,IMEI,البرج,نص الرسالة",
    "utf-8",
    ",",
    iraqi_profile,
)
FRENCH: Final = Service(
    "france",
    "france-cdr.csv",
    FRANCE,
    "Identifiant;Appelant;Appelé;Date;Heure;Durée (s);Nature;IMEI;Cellule;Latitude;Longitude;Titulaire",
    "cp1252",
    ";",
    french_profile,
)


@final
@dataclass(frozen=True, slots=True)
class Recorded:
    """Calls and messages between numbers (by index), in order of time; ``start`` in seconds of UTC since BEGIN."""

    caller: Ints
    called: Ints
    start: Ints
    kind: Ints
    duration: Ints
    handset: Ints  # the calling handset

    def take(self, which: Ints) -> Recorded:
        """The chosen ones."""
        return Recorded(
            self.caller[which],
            self.called[which],
            self.start[which],
            self.kind[which],
            self.duration[which],
            self.handset[which],
        )


@final
@dataclass(frozen=True, slots=True)
class Shown:
    """The texts of all numbers in one service's columns: ``usual`` and, for a few records, ``other``, by number."""

    usual: pa.Array
    other: pa.Array


def write_export(
    random: np.random.Generator, service: Service, events: Recorded, shown: Shown, mine: npt.NDArray[np.bool_]
) -> tuple[bytes, Export]:
    """The bytes of one service's file and what it holds. ``mine``: which events it has recorded, in order of time."""
    which = np.flatnonzero(mine)
    repeated = np.sort(random.choice(which, int(len(which) * _REPEATED), replace=False))
    order = np.concatenate([which, repeated])
    place = np.argsort(order + random.integers(0, 400, len(order)), kind="stable")  # switches deliver late
    order = order[place]
    damage = np.where(random.random(len(order)) < _BROKEN, random.integers(0, len(DAMAGE), len(order)), -1)
    damage[np.isin(order, repeated)] = -1
    fields = _FIELDS[service.name](random, events.take(order), order, shown)
    body = _lines(service, fields, damage)
    whole = np.zeros(len(events.start), dtype=bool)
    whole[order[damage < 0]] = True
    records = int(whole.sum())
    rejected = int((damage >= 0).sum())
    duplicates = len(order) - rejected - records
    footer, claimed = _footer(service, len(order))
    data = (service.header + "\r\n").encode(service.encoding) + body + (footer + "\r\n").encode(service.encoding)
    export = Export(
        service=service.name,
        file=service.file,
        units=len(order) + 2,
        records=records,
        duplicates=duplicates,
        rejected=rejected,
        header_footer=2,
        claimed=claimed,
        by_damage={name: int((damage == index).sum()) for index, name in enumerate(DAMAGE)},
        whole=whole,
    )
    return data, export


def _footer(service: Service, lines: int) -> tuple[str, int]:
    """The footer, and the count it claims: the French one is short by the last day's seven corrections."""
    if service.country == IRAQ:
        return f"# عدد السجلات: {lines}", lines
    return f"FIN;{lines - 7} enregistrements", lines - 7


def _moment(country: int, start: Ints) -> pa.Array:
    """``YYYY-MM-DD HH:MM:SS`` on the wall clock of the country."""
    local = wall_clock(np.full(len(start), country), start)
    return pc.cast(pa.array(BEGIN + local.astype("timedelta64[s]")), pa.string())


def _texts(random: np.random.Generator, shown: Shown, number: Ints, share: float) -> pa.Array:
    other = pa.array(random.random(len(number)) < share)
    index = pa.array(number)
    return pc.if_else(other, shown.other.take(index), shown.usual.take(index))


def _imei(random: np.random.Generator, handset: Ints) -> pa.Array:
    """Fifteen digits for most records; empty where the network did not report it."""
    digits = 350_000_000_000_000 + (handset * 1_103_515_245 + 12_345) % 99_999_999_999
    text = pc.cast(pa.array(digits), pa.string())
    return pc.if_else(pa.array(random.random(len(handset)) < 0.06), "", text)


def _identifier(prefix: str, order: Ints) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pc.utf8_lpad(pc.cast(pa.array(order + 1), pa.string()), 9, "0"), "")


_SAID: Final = (
    "",
    "نص تجريبي",
    '"وصلت, سأتصل لاحقا"',
    '"قال ""نعم"" أمس"',
    '"السطر الأول\nالسطر الثاني"',
    "شكرا",
)


def _iraqi_fields(random: np.random.Generator, events: Recorded, order: Ints, shown: Shown) -> list[pa.Array]:
    size = len(order)
    said = np.where(events.kind == RecordKind.MESSAGE, random.choice(6, size, p=[0, 0.5, 0.1, 0.05, 0.05, 0.3]), 0)
    tower = random.integers(0, 900, len(shown.usual))[events.caller]
    return [
        _identifier("IQ", order),
        _texts(random, shown, events.caller, 0.04),
        _texts(random, shown, events.called, 0.02),
        _moment(IRAQ, events.start),
        pc.cast(pa.array(events.duration), pa.string()),
        pa.array(["", "مكالمة", "رسالة", "لم يرد"]).take(pa.array(events.kind)),
        _imei(random, events.handset),
        pc.binary_join_element_wise("BGW", pc.cast(pa.array(tower), pa.string()), ""),
        pa.array(_SAID).take(pa.array(said)),
    ]


def _french_fields(random: np.random.Generator, events: Recorded, order: Ints, shown: Shown) -> list[pa.Array]:
    # Its clock runs up to a second late, and its meter stops up to a second early. Both are drawn by event: a line that
    # is delivered twice says the same twice.
    late, early = random.integers(0, 2, (2, int(order.max(initial=-1)) + 1))
    moment = _moment(FRANCE, events.start + late[order])
    spoken = np.where(events.duration > 1, events.duration - early[order], events.duration)
    year, month, day = (pc.utf8_slice_codeunits(moment, first, last) for first, last in ((0, 4), (5, 7), (8, 10)))
    cell = random.integers(0, 700, len(shown.usual))[events.caller]
    return [
        _identifier("FR", order),
        _texts(random, shown, events.caller, 0.03),
        _texts(random, shown, events.called, 0.03),
        pc.binary_join_element_wise(day, month, year, "/"),
        pc.utf8_slice_codeunits(moment, 11),
        pc.cast(pa.array(spoken), pa.string()),
        pa.array(["", "voix", "SMS", "échec"]).take(pa.array(events.kind)),
        _imei(random, events.handset),
        pc.binary_join_element_wise("75-", pc.cast(pa.array(cell), pa.string()), ""),
        pc.binary_join_element_wise("48,", pc.cast(pa.array(8_000 + cell), pa.string()), ""),
        pc.binary_join_element_wise("2,", pc.cast(pa.array(2_500 + cell), pa.string()), ""),
        pc.binary_join_element_wise("abonné ", pc.cast(pa.array(events.caller * 7_919 % 9_973), pa.string()), ""),
    ]


_FIELDS: Final = {"iraq": _iraqi_fields, "france": _french_fields}


def _lines(service: Service, fields: list[pa.Array], damage: Ints) -> bytes:
    """The lines in the service's encoding, the damaged ones damaged."""
    delimiter = service.delimiter
    date = 3
    month_13 = (
        pc.replace_substring_regex(fields[date], r"^(\d{4})-\d\d", r"\1-13")
        if service.country == IRAQ
        else pc.replace_substring_regex(fields[date], r"^\d\d/\d\d", "31/02")
    )
    no_date = pa.array([""] * len(damage))
    ways = (
        pc.binary_join_element_wise(*fields, delimiter),
        pc.binary_join_element_wise(*fields[:3], delimiter),
        pc.binary_join_element_wise(*fields[:-1], fields[4], fields[4], delimiter),
        pc.binary_join_element_wise(*fields[:date], month_13, *fields[date + 1 :], delimiter),
        pc.binary_join_element_wise(*fields[:date], no_date, *fields[date + 1 :], delimiter),
        pc.binary_join_element_wise("*** switch reload", fields[date], " "),
    )
    texts = pc.binary_join_element_wise(pc.choose(pa.array(damage + 1), *ways), "", "\r\n")
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int32, count=len(texts) + 1)
    data = memoryview(texts.buffers()[2])[offsets[0] : offsets[-1]]
    return bytes(data) if service.encoding == "utf-8" else str(data, "utf-8").encode(service.encoding)
