"""What the table of swebench and our data file make of a version, where conda or the network would set it up."""

from pathlib import Path

import pytest
from tiny import git

from environments.provision.need import Need
from environments.provision.prepared import Unavailable
from environments.provision.specs import Spec, spec_of


def spec(folder: Path, project: str, version: str, **more: object) -> Spec:
    git(folder, "init", "-q")
    return spec_of(Need(project, version), str(folder), "HEAD", more={project: more} if more else None)


def test_what_setup_imports_is_there_before_it_runs(tmp_path: Path) -> None:
    made = spec(tmp_path, "scikit-learn/scikit-learn", "0.21")
    conda, pinned = made.packages
    assert {"numpy==1.19.2", "scipy==1.5.2", "cython<3"} <= set(conda)
    assert "numpy==1.19.2" in pinned
    assert made.build_env == {"UV_NO_BUILD_ISOLATION": "1"}
    newer = spec(tmp_path, "scikit-learn/scikit-learn", "1.3")
    assert "numpy==1.19.5" in newer.packages[0]  # the table's has no wheel for its Python


def test_libraries_of_the_system_take_the_place_of_fetched_sources(tmp_path: Path) -> None:
    made = spec(tmp_path, "matplotlib/matplotlib", "3.6")
    (step,) = made.before
    assert "system_freetype = true" in step
    assert step.endswith(made.build_env["MPLSETUPCFG"].rpartition("/")[2])
    assert "pandas<2.1" in made.packages[0]  # in place of environment.yml
    with pytest.raises(Unavailable, match="requirement file"):  # which the older ones have
        spec(tmp_path, "matplotlib/matplotlib", "3.4")
    assert not [step for step in made.before if "apt-get" in step or "QHULL" in step]


def test_a_file_of_ones_own_wins(tmp_path: Path) -> None:
    made = spec(tmp_path, "scikit-learn/scikit-learn", "0.21", conda=["numpy<2"], before=["true"], python="3.8")
    assert (made.packages[0], made.before, made.python, made.build_env) == (("numpy<2",), ("true",), "3.8", {})
    with pytest.raises(Unavailable, match="no specification of scikit-learn/scikit-learn 9"):
        spec(tmp_path, "scikit-learn/scikit-learn", "9")
