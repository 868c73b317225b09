"""Settings: order of the layers, origins, and clear refusals."""

from pathlib import Path

import pytest

from agent.config import Settings, resolve
from tools.errors import InputError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text('model = "ollama/qwen3"\nmax_cost = 1.5\nseed = 3\n[role_models]\ncritic = "ollama/other"\n')
    return path


def test_flags_win_over_environment_over_file_over_defaults(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREEWRIGHT_MAX_COST", "2.5")
    monkeypatch.setenv("TREEWRIGHT_SEED", "4")
    resolved = resolve({"seed": 5, "model": None}, file=file)
    settings = resolved.settings
    assert (settings.model, settings.max_cost, settings.seed, settings.test_seconds) == ("ollama/qwen3", 2.5, 5, 60.0)
    origins = [resolved.origins[key] for key in ("model", "max_cost", "seed", "test_seconds")]
    assert origins == [str(file), "environment", "flag", "default"]
    assert settings.role_models == {"critic": "ollama/other"}


def test_an_unknown_key_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("max_costs = 1\n")
    with pytest.raises(InputError) as caught:
        resolve({}, file=path)
    assert "max_costs" in str(caught.value)
    assert caught.value.hint == "did you mean 'max_cost'?"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("concurrency", 0),
        ("unknown_price", "cheap"),
        ("unknown_price", "-1"),
        ("environment", "podman"),
        ("confidence", 2),
    ],
)
def test_a_bad_value_names_the_setting_and_its_origin(key: str, value: object, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"{key} \(from flag\)"):
        resolve({key: value}, file=tmp_path / "none.toml")


def test_the_design_follows_the_model() -> None:
    assert Settings().design_name == "mechanical"
    assert Settings(model="openai/x").design_name == "codetree"
    assert Settings(model="openai/x", design="linear").design_name == "linear"


def test_broken_toml_says_where(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("model = \n")
    with pytest.raises(InputError, match=r"config\.toml is not valid TOML"):
        resolve({}, file=path)
