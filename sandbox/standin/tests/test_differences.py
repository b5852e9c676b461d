"""The page of differences from AWS is what the code says."""

import subprocess
import sys
from pathlib import Path

from conftest import ROOT
from standin.mends import all_mends

PAGE = Path(__file__).parents[3] / "docs/stand-in.md"


def test_the_page_is_fresh():
    command = [sys.executable, "-m", "standin", "--differences"]
    generated = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    assert generated == PAGE.read_text(encoding="utf-8"), "docs/stand-in.md is stale: run make generate"


def test_every_mend_is_on_the_page():
    page = PAGE.read_text(encoding="utf-8")
    missing = [mend.name for group in all_mends() for mend in group.mends if f"`{mend.method}`" not in page]
    assert missing == []
    assert all(difference in page for group in all_mends() for difference in group.differences)
