"""The tutorial notebook runs from the first cell to the last."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parent.parent.parent / "docs" / "tutorial" / "python.ipynb"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_python_tutorial_runs(tmp_path: Path) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert sum(cell.cell_type == "code" for cell in notebook.cells) >= 8
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    done = client.execute()
    shown = "".join(str(output) for cell in done.cells if cell.cell_type == "code" for output in cell.outputs)
    assert "records.read" in shown
    assert "trace.bound" in shown
    assert "of the first ten are members' numbers" in shown
