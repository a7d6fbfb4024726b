"""The two synthetic exports, looked at as unknown files: what is found agrees with what they were written by."""

from __future__ import annotations

from pathlib import Path

import pytest

from clew.records.layouts import Layout, recognise
from clew.records.sample import Sample, read_sample
from clew.records.sniff import sniff
from clew.synth.layouts import FRENCH, IRAQI, Service
from clew.synth.scenario import Size, scenario


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic")
    scenario(5, "mixed", Size(people=1_000, members=40, cells=4, seeds=2)).write(folder)
    return folder


def look(written: Path, service: Service) -> Sample:
    return read_sample(next(written.rglob(service.file)))


@pytest.mark.parametrize(("service", "country"), [(FRENCH, "FR"), (IRAQI, "IQ")], ids=["france", "iraq"])
def test_what_is_found_agrees_with_what_was_planted(written: Path, service: Service, country: str) -> None:
    planted = service.profile()
    sample = look(written, service)
    answers = {"operator": planted.operator, "start.zone": planted.start.zone}
    draft = sniff(sample, answers)
    assert [question.key for question in draft.questions] == ["country"]
    found = sniff(sample, answers | {"country": country}).profile()
    for name in ("a", "b", "duration", "imei", "content", "location", "traits", "delimiter", "header_lines"):
        assert getattr(found, name) == getattr(planted, name), name
    assert found.start.columns == planted.start.columns
    assert found.kind.column == planted.kind.column
    assert found.kind.words == planted.kind.words
    assert found.footer is not None
    assert planted.footer is not None
    assert found.footer.prefix.startswith(planted.footer.prefix)
    header = "\n".join(draft.columns.names)
    assert header.encode(found.encoding) == header.encode(planted.encoding)


def test_a_layout_is_recognised_by_its_whole_header_only(written: Path) -> None:
    from clew.cli.profiles import own_layouts

    layouts = own_layouts()

    def names(service: Service) -> list[str]:
        found: list[Layout] = recognise(look(written, service), layouts)
        return [layout.profile.name for layout in found]

    assert names(FRENCH) == ["synthetic-france"]
    assert names(IRAQI) == ["synthetic-iraq"]
    sample = look(written, FRENCH)
    other = Sample(sample.path, sample.size, sample.head.replace(b"Titulaire", b"Abonn\xe9", 1), sample.tail)
    assert recognise(other, layouts) == []
