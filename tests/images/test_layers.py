"""The cache of build steps: what makes a step run again, and what stays after a failure."""

from pathlib import Path

import pytest

from images import layers


def test_digest_sees_names_content_and_x_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them changes the result; byte code beside the source does not."""
    monkeypatch.setattr(layers, "REPO", tmp_path)
    folder = tmp_path / "folder"
    folder.mkdir()
    seen = []
    for name, content, mode in (("a", "one", 0o644), ("a", "two", 0o644), ("a", "two", 0o755), ("b", "two", 0o755)):
        (folder / name).write_text(content)
        (folder / name).chmod(mode)
        seen.append(layers.digest(Path("folder"), "text"))
    seen.append(layers.digest(Path("folder"), "other text"))
    assert len(set(seen)) == 5
    before = layers.digest(Path("folder"))
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/a.pyc").write_text("byte code")
    assert layers.digest(Path("folder")) == before


def test_a_step_runs_once_and_a_failed_one_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A result is there as a whole or not at all."""
    monkeypatch.setenv("JEOUL_CACHE", str(tmp_path))
    calls = []

    def fail(out: Path) -> None:
        (out / "half").touch()
        raise RuntimeError("the disk is full")

    def work(out: Path) -> None:
        calls.append(sorted(path.name for path in out.iterdir()))

    with pytest.raises(RuntimeError):
        layers.layer("step", "key", fail)
    first = layers.layer("step", "key", work)
    assert layers.layer("step", "key", work) == first
    assert calls == [[]]


def test_old_results_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest few of a step stay, and other steps' results."""
    monkeypatch.setenv("JEOUL_CACHE", str(tmp_path))
    layers.layer("other", "key", lambda out: None)
    for number in range(layers.KEEP + 2):
        layers.layer("step", str(number), lambda out: None)
    names = sorted(path.name for path in (tmp_path / "layers").iterdir())
    assert len(names) == layers.KEEP + 1
    assert "other-key" in names
    assert f"step-{layers.KEEP + 1}" in names
