"""Writing a report into a case: logged first, all files or none, refused where parts do not belong together."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import stat
from pathlib import Path

import pytest

from clew.audit.log import Entry, FileLog
from clew.case.folder import CaseFolder, Part
from clew.effects import NoProgress
from clew.errors import ClewError, InputError, Refused, StorageError, UsageError
from clew.report.reading import read_contents
from clew.report.write import FORMATS, NAMES, digest_of, export_tables, put, write_report
from clew.warrants.dsse import sign
from clew.warrants.keys import SigningKey
from clew.words.speaker import LANGUAGES, Language
from tests import faults
from tests.made_case import WRITTEN, made_accounts, made_findings, made_folder, made_warrant

TABLES = {name for name in NAMES if not name.startswith("report.")}


def log_of(case: CaseFolder) -> FileLog:
    return FileLog(case.log_path, lambda: WRITTEN)


def write(case: CaseFolder, languages: tuple[Language, ...] = LANGUAGES, out: Path | None = None) -> dict[str, bytes]:
    return write_report(case, log_of(case), lambda: WRITTEN, languages, NoProgress(), out)


def test_report_and_its_tables_stand_in_the_case(tmp_path: Path) -> None:
    case = made_folder(tmp_path / "case")
    files = write(case)
    assert set(files) == NAMES == {*TABLES, "report.ar.html", "report.fr.html", "report.en.html"}
    assert case.names(Part.REPORT) == sorted(files)
    assert all(case.read(Part.REPORT, name) == data for name, data in files.items())


def test_report_is_logged_before_it_is_written_with_its_digest(tmp_path: Path) -> None:
    case = made_folder(tmp_path / "case")
    before = len(log_of(case).entries())
    files = write(case)
    (entry,) = log_of(case).entries()[before:]
    assert entry.entry.kind == "report.written"
    assert entry.entry.body["digest"] == digest_of(files)
    listing = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    assert entry.entry.body["digest"] == hashlib.sha256(listing.encode()).hexdigest()


def test_nothing_is_written_when_it_cannot_be_logged(tmp_path: Path) -> None:
    case = made_folder(tmp_path / "case")
    late = FileLog(case.log_path, lambda: WRITTEN.replace(year=2025))
    with pytest.raises(Refused, match="clock"):
        write_report(case, late, lambda: WRITTEN, LANGUAGES, NoProgress(), tmp_path / "out")
    assert case.names(Part.REPORT) == []
    assert not (tmp_path / "out").exists()


def test_same_case_and_moment_give_the_same_report(tmp_path: Path) -> None:
    assert write(made_folder(tmp_path / "one")) == write(made_folder(tmp_path / "two"))


def test_signers_are_named_as_the_policy_names_them(tmp_path: Path) -> None:
    contents = read_contents(case := made_folder(tmp_path / "case"), log_of(case))
    assert contents.signers == ("القاضي الأول",)
    assert contents.warrant == made_warrant()


def test_accounts_of_the_store_come_through_the_case(tmp_path: Path) -> None:
    case = made_folder(tmp_path / "case")
    assert read_contents(case, log_of(case)).accounts == made_accounts()


def test_a_signature_of_somebody_else_names_nobody(tmp_path: Path) -> None:
    stranger = SigningKey.generate(lambda size: b"\x01" * size)
    signed = sign(made_warrant().encode(), stranger)
    case = made_folder(tmp_path / "case", signed=signed)
    assert read_contents(case, log_of(case)).signers == ()


def test_copy_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    files = write(made_folder(tmp_path / "case"), out=tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(files)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700
    for path in (tmp_path / "out").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_bytes() == files[path.name]


def test_report_without_findings_says_what_to_run(tmp_path: Path) -> None:
    case = made_folder(tmp_path / "case", findings=None)
    with pytest.raises(InputError) as error:
        write(case)
    assert (error.value.code, "clew cells" in error.value.mend) == ("case.part-missing", True)


def test_findings_of_another_graph_are_refused(tmp_path: Path) -> None:
    """Reasons of one graph beside the bound of another would be false evidence."""
    found = made_findings()
    other = {**found.document, "graph": {**found.document["graph"], "stage": 2}}
    case = made_folder(tmp_path / "case", findings=dataclasses.replace(found, document=other))
    with pytest.raises(InputError) as error:
        write(case)
    assert error.value.code == "report.stale"


def test_findings_in_words_of_another_version_are_refused(tmp_path: Path) -> None:
    found = made_findings()
    other = {**found.document, "notes": [{"msgid": "Nobody says this any more.", "values": {}}]}
    case = made_folder(tmp_path / "case", findings=dataclasses.replace(found, document=other))
    with pytest.raises(InputError) as error:
        write(case)
    assert error.value.code == "report.sentence"


def test_a_case_without_its_warrant_is_refused(tmp_path: Path) -> None:
    other = sign(made_warrant(purpose="another").encode(), SigningKey.generate(lambda size: bytes(size)))
    case = made_folder(tmp_path / "case", signed=other)
    with pytest.raises(InputError) as error:
        write(case)
    assert error.value.code == "report.warrant"


@pytest.mark.parametrize("name", ["findings/ranked.parquet", "findings/findings.json", "warrant/warrant.json"])
def test_an_altered_file_is_never_reported(tmp_path: Path, name: str) -> None:
    case = made_folder(tmp_path / "case")
    data = bytearray((case.path / name).read_bytes())
    data[len(data) // 2] ^= 1
    (case.path / name).write_bytes(data)
    with pytest.raises(StorageError) as error:
        write(case)
    assert error.value.code == "case.altered"


def test_an_altered_log_is_never_reported(tmp_path: Path) -> None:
    case = made_folder(tmp_path / "case")
    case.log_path.write_bytes(case.log_path.read_bytes().replace(b'"numbers":7', b'"numbers":6'))
    with pytest.raises(ClewError) as error:
        write(case)
    assert error.value.code == "log.broken"


def test_export_writes_only_what_was_asked_for(tmp_path: Path) -> None:
    case = made_folder(tmp_path / "case")
    files = export_tables(case, log_of(case), lambda: WRITTEN, ["csv", "gexf"], [Language.EN], tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(files)
    assert {name.split(".")[1] for name in files} == {"csv", "gexf"}
    assert log_of(case).entries()[-1].entry.kind == "export.written"
    assert case.names(Part.REPORT) == []


def test_report_and_export_write_the_same_tables(tmp_path: Path) -> None:
    case = made_folder(tmp_path / "case")
    exported = export_tables(case, log_of(case), lambda: WRITTEN, FORMATS, LANGUAGES, tmp_path / "out")
    reported = write(case)
    assert set(exported) == TABLES
    assert {name: reported[name] for name in exported} == exported


def test_a_file_in_the_way_is_a_usage_error(tmp_path: Path) -> None:
    case = made_folder(tmp_path / "case")
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(UsageError) as error:
        export_tables(case, log_of(case), lambda: WRITTEN, ["csv"], LANGUAGES, tmp_path / "out")
    assert error.value.code == "export.not-a-folder"
    assert (tmp_path / "out").read_text() == "in the way"


def test_log_and_errors_of_a_report_hold_no_number(tmp_path: Path) -> None:
    case = made_folder(tmp_path / "case")
    write(case)
    for entry in log_of(case).entries():
        assert "+" not in str(dict(entry.entry.body))
    assert isinstance(entry.entry, Entry)


@pytest.mark.parametrize("place", ["case/report", "case/new", "case"])
def test_handing_on_never_overwrites_a_case(tmp_path: Path, place: str) -> None:
    case = made_folder(tmp_path / "case")
    before = {path: path.read_bytes() for path in (tmp_path / "case").rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match=r"export\.inside"):
        export_tables(case, log_of(case), lambda: WRITTEN, ["csv"], LANGUAGES, tmp_path / place)
    with pytest.raises(UsageError, match=r"export\.inside"):
        write(case, out=tmp_path / place)
    assert {path: path.read_bytes() for path in (tmp_path / "case").rglob("*") if path.is_file()} == before


def test_an_export_never_lies_beside_files_of_another(tmp_path: Path) -> None:
    """Harm stopped: a graph file of one case, handed on beside the tables of another as if they were of one."""
    case, out = made_folder(tmp_path / "case"), tmp_path / "out"
    export_tables(case, log_of(case), lambda: WRITTEN, ["csv", "gexf"], LANGUAGES, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    entries = len(log_of(case).entries())
    for other in ("csv", "parquet"):
        with pytest.raises(UsageError, match=r"graph\.gexf") as error:
            export_tables(case, log_of(case), lambda: WRITTEN, [other], LANGUAGES, out)
        assert error.value.code == "export.other-files"
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert len(log_of(case).entries()) == entries, "nothing was handed on, and nothing is said to be"
    (out / "letter.pdf").write_bytes(b"of the user")
    export_tables(case, log_of(case), lambda: WRITTEN, ["csv", "gexf", "parquet"], LANGUAGES, out)
    write(case, out=out)
    with pytest.raises(UsageError, match=r"report\.ar\.html"):
        write(case, languages=(Language.FR,), out=out)
    assert (out / "letter.pdf").read_bytes() == b"of the user"


def test_a_crash_never_leaves_files_of_two_exports(tmp_path: Path) -> None:
    """Stopped at any system call, a folder holds files of the old export only or of the new one only."""
    numbers = itertools.count()
    names = ("graph.gexf", "pairs.csv", "vertices.csv")
    old, new = ({name: word * 9 for name in names} for word in (b"old", b"new"))
    receipt = FileLog(tmp_path / "log", lambda: WRITTEN).commit(Entry("export.written", {}))

    def prepare() -> Path:
        folder = tmp_path / str(next(numbers))
        put(old, folder, receipt)
        return folder

    def found(folder: Path) -> list[bytes]:
        return [(folder / name).read_bytes() for name in names if (folder / name).exists()]

    def check_crashed(folder: Path) -> None:
        assert len(set(found(folder))) <= 1
        put(new, folder, receipt)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == new

    def check_full(folder: Path) -> None:
        assert len(set(found(folder))) <= 1
        assert {path.name for path in folder.iterdir()} <= set(names), "what was not finished is taken away"

    assert faults.crash_everywhere(prepare, lambda folder: put(new, folder, receipt), check_crashed) > 10
    assert faults.fill_everywhere(prepare, lambda folder: put(new, folder, receipt), check_full) > 5
