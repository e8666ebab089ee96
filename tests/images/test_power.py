"""A short slice of the power-cut proof; the long one is `make soak SOAK=power`."""

from pathlib import Path

import pytest

from tests.images.power import cut_and_boot

pytestmark = pytest.mark.image


def test_two_power_cuts_during_commits(image: Path, tmp_path: Path) -> None:
    assert len(cut_and_boot(image, tmp_path, cuts=2, seed=20261123)) == 2
