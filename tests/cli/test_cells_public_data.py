"""Known answers of public research data, from the file to the ranked list, by the commands alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from tests.cli.tracing import write_amendment, write_papers
from tests.command import run, run_json
from tests.shared_data import shared


def day(number: int) -> datetime:
    """Midnight at the start of a day of June 2006."""
    return datetime(2006, 6, number, tzinfo=UTC)


def identifiers(*numbers: int) -> list[str]:
    return [f"id:vast2008:{number}" for number in numbers]


def test_vast_2008_from_the_file_to_the_group_and_its_new_numbers(tmp_path: Path) -> None:
    store, case = tmp_path / "store", tmp_path / "case"
    records = shared("vast2008_mc3/CellPhoneCallRecords.csv")
    assert run_json("import", records, "--store", store)
    papers = write_papers(
        tmp_path / "papers", identifiers(200), begin=day(1), end=day(8), hops=2, hub_limit=200, case="vast-2008"
    )
    command = ["trace", "--store", store, *papers, "--case", case]

    run("trace", *command[1:])
    first = run_json("cells", case)
    assert first["graph"]["numbers"] == 130
    assert {row["vertex"] for row in first["ranked"][:4]} == set(identifiers(1, 2, 3, 5))
    assert all(row["reasons"][0]["records"] for row in first["ranked"][:4])

    run("trace", *command[1:], *write_amendment(tmp_path / "papers", identifiers(1, 2, 3, 5), end=day(11)))
    second = run_json("cells", case)
    assert (second["graph"]["stage"], second["graph"]["numbers"]) == (2, 326)
    changes = {(row["old"][0], row["new"][0]) for row in second["successions"][:4]}
    pairs = zip(identifiers(1, 5, 2, 3), identifiers(309, 306, 397, 360), strict=True)
    assert changes == set(pairs)
    assert {row["moment"][:10] for row in second["successions"][:4]} == {"2006-06-08"}

    said = run("cells", case).stdout
    assert re.search(r"id:vast2008:1 -> id:vast2008:309  between 2006-06-\d\d", said)
    record = second["successions"][0]["reasons"][0]["records"][0]
    line = run_json("records", "source", record, "--store", store, "--case", case, "--file", records)
    assert {cell["text"] for cell in line["cells"]} & {"1", "309"}
