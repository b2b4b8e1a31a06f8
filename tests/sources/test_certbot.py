"""certbot's folder: what is live is read, what was replaced is not, unless it is named itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringfence.sources.certificate_files import sort_paths


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """`etc/letsencrypt` after one renewal, and a certificate of somebody else beside it."""
    root = tmp_path / "etc" / "letsencrypt"
    for place in ("archive/www", "live/www", "renewal", "accounts/ca/dir/1"):
        (root / place).mkdir(parents=True)
    for kind in ("cert", "chain", "fullchain", "privkey"):
        for number in (1, 2):
            (root / f"archive/www/{kind}{number}.pem").touch()
        (root / f"live/www/{kind}.pem").symlink_to(f"../../archive/www/{kind}2.pem")
    (root / "accounts/ca/dir/1/private_key.json").touch()
    (root / "renewal/www.conf").touch()
    (tmp_path / "etc" / "other.pem").touch()
    return tmp_path / "etc"


LIVE = [f"letsencrypt/live/www/{kind}.pem" for kind in ("cert", "chain", "fullchain", "privkey")]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (["letsencrypt"], LIVE),
        (["."], ["other.pem", *LIVE]),
        (["letsencrypt/live"], LIVE),
        (["letsencrypt/live", "letsencrypt"], LIVE),
        (["letsencrypt", "letsencrypt/live"], LIVE),
        (["letsencrypt/archive/www/cert1.pem"], ["letsencrypt/archive/www/cert1.pem"]),
        (
            ["letsencrypt/archive"],
            [
                f"letsencrypt/archive/www/{kind}{number}.pem"
                for kind in ("cert", "chain", "fullchain", "privkey")
                for number in (1, 2)
            ],
        ),
    ],
)
def test_what_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch, named: list[str], expected: list[str]) -> None:
    monkeypatch.chdir(folder)
    found, problems = sort_paths(named)
    assert problems == []
    assert [name.removeprefix("./") for name in found.certificates] == expected
    assert found.manifests == []
    absolute, _ = sort_paths([folder / name for name in named])
    assert [str(Path(name).relative_to(folder)) for name in absolute.certificates] == expected


@pytest.mark.parametrize("missing", ["renewal", "live"])
def test_other_folders_with_such_names_are_read_whole(folder: Path, missing: str) -> None:
    (folder / "letsencrypt" / missing).rename(folder / "elsewhere")
    found, _ = sort_paths([folder / "letsencrypt"])
    assert len(found.certificates) == 8
    assert len(found.manifests) == 1
