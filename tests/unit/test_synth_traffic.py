"""Background traffic: the same bytes for the same seed, and what it says about itself is so."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from clew.effects import system_clock
from clew.records.importer import import_files
from clew.synth.traffic import HEADER, traffic_profile, write_traffic

WHOLE = re.compile(r"[^,]+,[^,]+,2026-\d\d-\d\d \d\d:\d\d:\d\d,\d+,(call|sms|no-answer),\d{15},C\d+")
ARABIC = str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789")


def _canonical(text: str) -> str:
    digits = text.translate(ARABIC).replace(" ", "")
    if digits.startswith("+"):
        return digits
    if digits.startswith("00"):
        return "+" + digits[2:]
    return "+964" + digits[1:] if digits.startswith("0") else "+" + digits


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    digests = set()
    for name in ("one", "two"):
        write_traffic(tmp_path / name, seed=7, rows=20_000)
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    write_traffic(tmp_path / "three", seed=8, rows=20_000)
    assert len(digests) == 1
    assert hashlib.sha256((tmp_path / "three").read_bytes()).hexdigest() not in digests


def test_what_it_says_is_what_stands_in_the_file(tmp_path: Path) -> None:
    traffic = write_traffic(tmp_path / "t.csv", seed=3, rows=50_000)
    header, *lines = (tmp_path / "t.csv").read_text("utf-8").splitlines()
    whole = [line.split(",") for line in lines if WHOLE.fullmatch(line) and "2026-13" not in line]
    numbers = {_canonical(text) for fields in whole for text in fields[:2]}
    starts = [fields[2] for fields in whole]
    assert header == HEADER
    assert len(lines) == traffic.rows == 50_000
    assert traffic.broken == len(lines) - len(whole) == 500
    assert len(numbers) == traffic.numbers == 6_000
    assert all(re.fullmatch(r"\+(9647[5789]\d{8}|336\d{8}|4474\d{8})", number) for number in numbers)
    assert starts != sorted(starts)
    assert len({fields[0] for fields in whole}) > len({_canonical(fields[0]) for fields in whole})


def test_too_few_rows_for_the_numbers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too many numbers"):
        write_traffic(tmp_path / "t.csv", seed=3, rows=1_000, numbers=10_000)


def test_an_import_rejects_what_is_broken_and_reads_every_number_in_every_form(tmp_path: Path) -> None:
    """What the benchmarks stand on: the profile fits the file, and mixed forms come to as many numbers as were made."""
    traffic = write_traffic(tmp_path / "t.csv", seed=4, rows=20_000)
    report = import_files(tmp_path / "store", [(traffic.path, traffic_profile())], clock=system_clock)
    (account,) = report.accounts
    numbers = pq.read_table(tmp_path / "store" / "imports" / "1" / "numbers.parquet")
    assert account.units == traffic.rows + 1
    assert account.rejected == traffic.broken
    assert account.records == traffic.rows - traffic.broken
    assert account.parties == {"e164": 2 * account.records}
    assert len(set(numbers["canonical"].to_pylist())) == traffic.numbers
    assert len(numbers) > 1.1 * traffic.numbers
