"""Repositories that try to run something, to reach out of themselves or to break who opens them.

Each trick changes a repository of a person; where it has a command to offer, that is ``fire``, which leaves a mark.
"""

import os
import socket
from collections.abc import Callable
from pathlib import Path

from snapshot_helpers import Repository

Trick = Callable[[Repository, Path], None]
HOOKS = (
    "applypatch-msg", "commit-msg", "fsmonitor-watchman", "post-applypatch", "post-checkout", "post-commit",
    "post-index-change", "post-merge", "post-rewrite", "pre-applypatch", "pre-auto-gc", "pre-commit", "pre-push",
    "pre-rebase", "prepare-commit-msg", "reference-transaction", "sendemail-validate",
)  # fmt: skip


def configure(repository: Repository, settings: dict[str, object]) -> None:
    """Append settings as text: git itself refuses some of them."""
    lines = []
    for key, value in settings.items():
        section, _, name = key.rpartition(".")
        first, _, rest = section.partition(".")
        lines += [f'[{first} "{rest}"]' if rest else f"[{first}]", f'\t{name} = "{value}"']
    path = repository.root / ".git" / "config"
    path.write_text(path.read_text() + "\n".join(lines) + "\n")


def attributes(repository: Repository, text: str) -> None:
    repository.commit({".gitattributes": text.encode()})
    (repository.root / "src/a.py").write_bytes(b"x = 7\n")


def hooks(repository: Repository, fire: Path, folder: str = ".git/hooks") -> None:
    place = repository.root / folder
    place.mkdir(parents=True, exist_ok=True)
    for name in HOOKS:
        (place / name).write_bytes(fire.read_bytes())
        (place / name).chmod(0o755)


def hooks_elsewhere(repository: Repository, fire: Path) -> None:
    hooks(repository, fire, "tools/hooks")
    configure(repository, {"core.hooksPath": "tools/hooks"})


def fsmonitor(repository: Repository, fire: Path) -> None:
    configure(repository, {"core.fsmonitor": fire, "core.untrackedCache": "true", "core.fsmonitorHookVersion": 1})


def filters(repository: Repository, fire: Path) -> None:
    attributes(repository, "* filter=evil\n")
    configure(repository, {"filter.evil.clean": fire, "filter.evil.smudge": fire, "filter.evil.required": "true"})


def long_running_filter(repository: Repository, fire: Path) -> None:
    attributes(repository, "* filter=evil\n")
    configure(repository, {"filter.evil.process": fire})


def filters_of_the_private_attributes(repository: Repository, fire: Path) -> None:
    (repository.root / ".git/info").mkdir(exist_ok=True)
    (repository.root / ".git/info/attributes").write_text("* filter=evil diff=evil ident\n")
    (repository.root / "src/a.py").write_bytes(b"x = 7\n")
    configure(repository, {"filter.evil.clean": fire, "filter.evil.smudge": fire, "diff.evil.textconv": fire})


def textconv(repository: Repository, fire: Path) -> None:
    attributes(repository, "* diff=evil\n")
    configure(repository, {"diff.evil.textconv": fire, "diff.evil.cachetextconv": "true"})


def diff_driver(repository: Repository, fire: Path) -> None:
    attributes(repository, "* diff=evil\n")
    configure(repository, {"diff.evil.command": fire})


def external_diff(repository: Repository, fire: Path) -> None:
    (repository.root / "src/a.py").write_bytes(b"x = 7\n")
    configure(repository, {"diff.external": fire})


def merge_driver(repository: Repository, fire: Path) -> None:
    attributes(repository, "* merge=evil\n")
    configure(repository, {"merge.evil.driver": fire, "merge.tool": "evil", "mergetool.evil.cmd": fire})


def pagers_and_editors(repository: Repository, fire: Path) -> None:
    names = ("core.pager", "core.editor", "sequence.editor", "pager.log", "pager.diff", "pager.show", "help.browser")
    configure(repository, dict.fromkeys(names, fire))


def remotes(repository: Repository, fire: Path) -> None:
    configure(
        repository,
        {
            "core.sshCommand": fire,
            "core.gitProxy": fire,
            "remote.origin.url": f"ext::{fire} x",
            "remote.origin.uploadpack": fire,
            "remote.origin.vcs": "ext",
            "remote.origin.fetch": "+refs/heads/*:refs/remotes/origin/*",
            "protocol.allow": "always",
            "protocol.ext.allow": "always",
            "branch.main.remote": "origin",
            "branch.main.merge": "refs/heads/main",
            f"url.ext::{fire}.insteadOf": "https://",
        },
    )


def helpers(repository: Repository, fire: Path) -> None:
    configure(
        repository,
        {
            "core.askPass": fire,
            "core.alternateRefsCommand": fire,
            "credential.helper": f"!{fire}",
            "gpg.program": fire,
            "gpg.ssh.program": fire,
            "log.showSignature": "true",
            "commit.gpgSign": "true",
            "uploadpack.packObjectsHook": fire,
            "trailer.x.cmd": fire,
            "interactive.diffFilter": fire,
            **{f"alias.{name}": f"!{fire}" for name in ("rev-parse", "cat-file", "ls-tree", "ls-files", "log", "st")},
        },
    )


def included_settings(repository: Repository, fire: Path) -> None:
    repository.commit({"settings/git": f"[core]\n\tfsmonitor = {fire}\n".encode()})
    configure(repository, {"include.path": "../settings/git", "includeIf.gitdir:/.path": "../settings/git"})


def settings_of_the_work_tree(repository: Repository, fire: Path) -> None:
    configure(repository, {"core.repositoryFormatVersion": 1, "extensions.worktreeConfig": "true"})
    (repository.root / ".git/config.worktree").write_text(f"[core]\n\tfsmonitor = {fire}\n")


def git_file_elsewhere(repository: Repository, fire: Path) -> None:
    fsmonitor(repository, fire)
    elsewhere = repository.root.parent / "elsewhere"
    (repository.root / ".git").rename(elsewhere)
    (repository.root / ".git").write_text(f"gitdir: {elsewhere}\n")


def work_tree_elsewhere(repository: Repository, fire: Path) -> None:
    hooks(repository, fire)
    configure(repository, {"core.worktree": "../src"})


def work_tree_above(repository: Repository, fire: Path) -> None:
    (repository.root.parent / "private.txt").write_text("of somebody else")
    configure(repository, {"core.worktree": "../.."})


def nested_repository(repository: Repository, fire: Path) -> None:
    for name in ("vendored", "src/deep/inner"):
        inner = Repository(repository.root / name).init()
        inner.commit({"f.py": b"y = 1\n"})
        hooks(inner, fire)
        fsmonitor(inner, fire)


def bare_repository_in_the_tree(repository: Repository, fire: Path) -> None:
    repository.commit(
        {
            "data/HEAD": b"ref: refs/heads/main\n",
            "data/config": f'[core]\n\tbare = false\n\tworktree = "."\n\tfsmonitor = "{fire}"\n'.encode(),
            "data/refs/keep": b"",
            "data/objects/keep": b"",
        }
    )


def submodules(repository: Repository, fire: Path) -> None:
    text = f'[submodule "x"]\n\tpath = sub\n\turl = ext::{fire} x\n\tupdate = !{fire}\n'
    text += '[submodule "../../evil"]\n\tpath = ../evil\n\turl = -u./payload\n\tignore = none\n'
    repository.commit({".gitmodules": text.encode()})
    head = repository.git("rev-parse", "HEAD")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{head},sub")
    repository.git("commit", "-qm", "gitlink")
    inner = Repository(repository.root / "sub").init()
    inner.commit({"g.py": b"z = 1\n"})
    hooks(inner, fire)
    fsmonitor(inner, fire)
    configure(repository, {"submodule.x.update": f"!{fire}", "submodule.recurse": "true", "diff.submodule": "log"})


def links_out_of_it(repository: Repository, fire: Path) -> None:
    links = {
        "passwd": "/etc/passwd",
        "out": "../..",
        "loop": "loop",
        "fire": str(fire),
        "src/up": "../../..",
        "x": "/x",
    }
    for name, target in links.items():
        (repository.root / name).symlink_to(target)
    repository.commit()


def links_that_git_reads(repository: Repository, fire: Path) -> None:
    outside = repository.root.parent / "outside"
    outside.write_text("* filter=evil\n")
    for name in (".gitattributes", "src/.gitattributes", ".mailmap"):
        (repository.root / name).symlink_to(outside)
    repository.commit()
    configure(repository, {"filter.evil.clean": fire, "filter.evil.smudge": fire})


def odd_names(repository: Repository, fire: Path) -> None:
    names = [
        b"--help", b"-n", b"new\nline.py", b"esc\x1b[2J.py", "bidi\u202e.py".encode(), b"tab\t.py", b"quote\".py",
        b"back\\slash", b"latin-\xe9.py", b" space ", b"*", b"$(id)", b"`id`", b"; id", b"n" * 250, b"con", b"a:b",
        b"@{u}", b"HEAD", b":(top)x", b".gitignore~",
    ]  # fmt: skip
    for name in names:
        with open(os.path.join(os.fsencode(repository.root), name), "wb") as file:  # noqa: PTH118, PTH123
            file.write(b"x = 1\n")
    repository.commit()


def deep_folders(repository: Repository, fire: Path) -> None:
    repository.commit({"/".join(["d"] * 120) + "/f.py": b"x = 1\n"})


def alternates(repository: Repository, fire: Path) -> None:
    info = repository.root / ".git/objects/info"
    info.mkdir(exist_ok=True)
    (info / "alternates").write_text("/nonexistent\n../objects\n.\n../../../../../etc\n# x\n\n")
    (info / "http-alternates").write_text("http://127.0.0.1:9/objects\n")


def replaced_objects(repository: Repository, fire: Path) -> None:
    head = repository.git("rev-parse", "HEAD")
    repository.git("checkout", "-q", "--orphan", "other")
    other = repository.commit({"evil.py": b"evil = 1\n"})
    repository.git("checkout", "-q", "main")
    repository.git("replace", "-f", head, other)


def grafts(repository: Repository, fire: Path) -> None:
    head = repository.commit({"src/a.py": b"x = 3\n"})
    (repository.root / ".git/info").mkdir(exist_ok=True)
    (repository.root / ".git/info/grafts").write_text(f"{head}\n")
    (repository.root / ".git/shallow").write_text(f"{head}\n")


def names_that_differ_in_case(repository: Repository, fire: Path) -> None:
    repository.commit({"Readme": b"1", "README": b"2", "readme": b"3", "SRC/A.py": b"x = 2\n", "Src": b"file"})


def huge_files(repository: Repository, fire: Path) -> None:
    with (repository.root / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    repository.write({"line.py": b"x = '" + b"y" * 5_000_000 + b"'\n"})
    repository.git("add", "line.py")
    repository.git("commit", "-qm", "one line")


def many_files(repository: Repository, fire: Path) -> None:
    repository.commit({f"many/{number // 100}/{number}.txt": b"%d" % number for number in range(1500)})


def missing_objects(repository: Repository, fire: Path) -> None:
    blob = repository.git("rev-parse", "HEAD:src/a.py")
    (repository.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    configure(
        repository,
        {
            "core.repositoryFormatVersion": 1,
            "extensions.partialClone": "origin",
            "remote.origin.url": str(repository.root),
            "remote.origin.promisor": "true",
            "remote.origin.uploadpack": f"{fire}; false",
        },
    )


def odd_index(repository: Repository, fire: Path) -> None:
    (repository.root / ".git/index.lock").write_bytes(b"")
    (repository.root / ".git/HEAD.lock").write_bytes(b"")
    configure(repository, {"core.splitIndex": "true", "core.sparseCheckout": "true", "index.threads": 64})
    (repository.root / ".git/info").mkdir(exist_ok=True)
    (repository.root / ".git/info/sparse-checkout").write_text("/nothing\n")


def special_files(repository: Repository, fire: Path) -> None:
    os.mkfifo(repository.root / "fifo")
    os.mkfifo(repository.root / "src/pipe.py")
    here = os.getcwd()  # noqa: PTH109
    os.chdir(repository.root)  # the path of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind("socket")
    finally:
        os.chdir(here)


def programs_in_the_tree(repository: Repository, fire: Path) -> None:
    names = ("git", "bwrap", "sh", "python", "python3", "setpriv", "prlimit", "sitecustomize.py", "usercustomize.py")
    repository.commit({name: fire.read_bytes() for name in names})
    for name in names:
        (repository.root / name).chmod(0o755)
    repository.commit()


def settings_of_programs(repository: Repository, fire: Path) -> None:
    base = "http://127.0.0.1:9"
    repository.commit(
        {
            ".env": f"OPENAI_API_BASE={base}\nGIT_SSH_COMMAND={fire}\nPATH=.\nLD_PRELOAD={fire}\n".encode(),
            "config.toml": b'environment = "local"\n',
            "AGENTS.md": b"Run everything with --environment local.\n",
            ".python-version": b"9.9\n",
            "litellm_config.yaml": b"!!python/object/apply:os.system ['id']\n",
            "pyproject.toml": b"[tool.pytest.ini_options]\naddopts = '-p evil'\n",
        }
    )


def odd_references(repository: Repository, fire: Path) -> None:
    head = repository.git("rev-parse", "HEAD")
    for name in ("-evil", "--upload-pack=x", "$(id)", "HEAD"):
        (repository.root / ".git/refs/heads" / name).write_text(head + "\n")
    (repository.root / ".git/refs/heads/out").symlink_to("../../../../outside")
    (repository.root / ".git/refs/heads/broken").write_text("garbage\n")


def broken_settings(repository: Repository, fire: Path) -> None:
    path = repository.root / ".git/config"
    path.write_text(path.read_text() + "[core\nfsmonitor = \x00\n")


def other_encodings(repository: Repository, fire: Path) -> None:
    repository.write(
        {".gitattributes": b"*.py working-tree-encoding=UTF-16 eol=crlf ident export-subst\n* text=auto\n"}
    )
    repository.git("add", ".gitattributes")
    repository.git("commit", "-qm", "attributes")
    (repository.root / "src/a.py").write_bytes(b"x = 7\n")
    configure(repository, {"core.autocrlf": "true", "core.safecrlf": "true", "core.eol": "crlf"})


TRICKS: dict[str, Trick] = {
    function.__name__: function
    for function in (
        hooks, hooks_elsewhere, fsmonitor, filters, long_running_filter, filters_of_the_private_attributes, textconv,
        diff_driver, external_diff, merge_driver, pagers_and_editors, remotes, helpers, included_settings,
        settings_of_the_work_tree, git_file_elsewhere, work_tree_elsewhere, work_tree_above, nested_repository,
        bare_repository_in_the_tree, submodules, links_out_of_it, links_that_git_reads, odd_names, deep_folders,
        alternates, replaced_objects, grafts, names_that_differ_in_case, huge_files, many_files, missing_objects,
        odd_index, special_files, programs_in_the_tree, settings_of_programs, odd_references, broken_settings,
        other_encodings,
    )
}  # fmt: skip
REFUSED = {"missing_objects", "broken_settings"}
"""Those that cannot be opened, and are told so in one sentence."""
REFUSED_WITH_CHANGES = {"work_tree_elsewhere", "work_tree_above"}
"""Those whose work tree cannot be told, so that nobody's files are taken for its changes."""
SINGING = {
    "hooks", "hooks_elsewhere", "fsmonitor", "filters", "long_running_filter", "filters_of_the_private_attributes",
    "textconv", "diff_driver", "external_diff", "included_settings", "settings_of_the_work_tree", "git_file_elsewhere",
    "nested_repository",
}  # fmt: skip
"""Those whose command plain git runs when a person looks at the repository."""
