"""Settings: order of the layers, origins, and clear refusals."""

import re
from pathlib import Path

import pytest
from money_project import Run

from agent.config import ROLES, Settings, resolve
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


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("[profiles.cheap]\nmodle = 'x'", "unknown setting 'modle' in profile cheap", "did you mean 'model'?"),
        ("[profile.cheap]\nmodel = 'x'", "profile in .* is not a name", "[profiles.NAME]"),
        ("profiles = 3", "not made of tables", "[profiles.NAME]"),
        ("profles = 3", "unknown setting 'profles'", "did you mean 'profiles'?"),
        ("[role_models]\ncritc = 'x'", "no role 'critc'; did you mean 'critic'?", "change role_models there"),
        ("max_cost = 'two'", "max_cost .*: Input should be a valid number", "US dollars"),
        ("model = x", "not valid TOML", "quotes"),
    ],
)
def test_what_is_misspelt_in_the_file_is_refused_whether_it_is_used_or_not(
    text: str, said: str, hint: str, tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=said) as refused:
        resolve({}, file=path)
    assert hint in refused.value.hint


@pytest.mark.parametrize(
    ("name", "value", "said", "hint"),
    [
        ("TREEWRIGHT_MAX_COSTS", "1", "unknown variable", "did you mean TREEWRIGHT_MAX_COST?"),
        ("TREEWRIGHT_MAX_COST", "x", "from environment", "change TREEWRIGHT_MAX_COST"),
        ("TREEWRIGHT_ROLE_MODELS", "critic=x", "cannot be set by a variable", "--role-model,"),
        ("TREEWRIGHT_CONFIG", "/nowhere/config.toml", "there is no /nowhere", "treewright init"),
    ],
)
def test_what_is_misspelt_in_a_variable_is_refused(
    name: str, value: str, said: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=said) as refused:
        resolve({})
    assert hint in refused.value.hint


def test_variables_of_others_and_roles_of_designs_of_ones_own_are_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREEWRIGHT_OWN", "1")
    assert resolve({"role_models": {"reviewer": "openai/x"}}).settings.role_models == {"reviewer": "openai/x"}


def test_every_role_that_the_code_plays_is_known() -> None:
    root = Path(__file__).parents[2] / "agent"
    code = "\n".join(path.read_text() for path in sorted(root.rglob("*.py")))
    played = set(re.findall(r"""(?:role(?:: str)? ?= ?|ask\(|complete\()["'](\w+)["']""", code))
    assert {"critic", "sketcher", "solver", "tester"} <= played - {"share"} <= {*ROLES}


def test_the_design_follows_the_model() -> None:
    assert Settings().design_name == "mechanical"
    assert Settings(model="openai/x").design_name == "codetree"
    assert Settings(model="openai/x", design="linear").design_name == "linear"


def test_broken_toml_says_where(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("model = \n")
    with pytest.raises(InputError, match=r"config\.toml is not valid TOML"):
        resolve({}, file=path)


def test_a_profile_is_laid_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        'max_cost = 1.0\nseed = 1\nprofile = "cheap"\n[profiles.cheap]\nmax_cost = 0.1\n'
        '[profiles.cheap.role_models]\ncritic = "ollama/x"\n[profiles.rich]\nmax_cost = 9.0\n'
    )
    resolved = resolve({}, file=path)
    assert (resolved.settings.max_cost, resolved.settings.seed) == (0.1, 1)
    assert resolved.settings.role_models == {"critic": "ollama/x"}
    assert resolved.origins["max_cost"] == f"profile cheap of {path}"
    assert resolve({}, file=path, profile="rich").settings.max_cost == 9.0
    monkeypatch.setenv("TREEWRIGHT_PROFILE", "rich")
    assert resolve({}, file=path).settings.max_cost == 9.0
    with pytest.raises(InputError, match="no profile 'poor'") as refused:
        resolve({}, file=path, profile="poor")
    assert "cheap, rich" in refused.value.hint
    path.write_text("[profiles.cheap]\nmax_costs = 1\n")
    with pytest.raises(InputError, match="max_costs"):
        resolve({}, file=path, profile="cheap")


def test_the_starting_file_changes_nothing_and_holds_every_setting(tmp_path: Path) -> None:
    from agent.settings_text import starting_file

    text = starting_file()
    path = tmp_path / "config.toml"
    path.write_text(text)
    assert resolve({}, file=path).settings == Settings()
    assert all(f"# {name}" in text for name in Settings.model_fields if name != "role_models")
    awake = re.findall(r"^# (\w+ = .*)$", text.partition("# [role_models]")[0], flags=re.MULTILINE)
    path.write_text("\n".join(awake))
    assert resolve({}, file=path).settings == Settings()


def test_the_schema_knows_what_the_settings_know() -> None:
    from agent.settings_text import schema

    found = schema()
    assert set(found["properties"]) == {*Settings.model_fields, "profile", "profiles"}
    assert all(entry.get("description") for name, entry in found["properties"].items())
    assert found["properties"]["profiles"]["additionalProperties"]["properties"].keys() == Settings.model_fields.keys()


def test_the_commands(tmp_path: Path, treewright: Run, repository: Path) -> None:
    import json

    home = Path(treewright("config", "path").stdout.strip())
    assert treewright("init").stdout.strip() == f"wrote {home}"
    assert treewright("init").returncode == 2
    home.write_text("seed = 7\n")
    shown = treewright("config", "show", "--origin").stdout
    assert re.search(rf"^seed += 7 +# {re.escape(str(home))}$", shown, flags=re.MULTILINE)
    rows = json.loads(treewright("config", "show", "--json").stdout)
    assert {row["name"] for row in rows} == set(Settings.model_fields)
    assert json.loads(treewright("config", "schema").stdout)["type"] == "object"
    assert treewright("init", "--repository", repository).returncode == 0
    assert "# setup =" in (repository / ".treewright.toml").read_text()


def test_the_page_shows_files_that_are_read_and_names_every_role(tmp_path: Path) -> None:
    from agent.repository_settings import FILE, with_repository_settings
    from environments.tasks import Task

    class Page:
        def __init__(self, text: str) -> None:
            self.text = text

        def exists(self, path: str) -> bool:
            return path == FILE

        def read(self, path: str) -> bytes:
            return self.text.encode()

    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    own, repositorys = re.findall(r"^```toml\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    (tmp_path / "config.toml").write_text(own)
    settings = resolve({}, file=tmp_path / "config.toml", profile="cheap").settings
    assert (settings.max_cost, settings.role_models) == (0.5, {"critic": "ollama_chat/qwen3"})
    assert with_repository_settings(Task("t", "."), Page(repositorys))[0].setup.startswith("python3 -m venv")
    assert {role for role in ROLES if f"`{role}`" not in page} == set()
