from collections.abc import Callable
from pathlib import Path

import pytest

from tools.localization import Localizer
from tools.localization.modules import Modules
from tools.localization.script_imports import package_paths
from tools.localization.tags import Import, extract


def imported(source: str) -> list[tuple[str, str, str]]:
    return [(item.module, item.name, item.alias) for item in extract(source.encode(), "typescript").imports]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import d, { type A, b as c } from './m'", [("./m", "", "d"), ("./m", "A", ""), ("./m", "b", "c")]),
        ("import * as n from 'n'", [("n", "", "n")]),
        ("import type { T } from '@s/t'", [("@s/t", "T", "")]),
        ("import './side'", [("./side", "", "")]),
        ("import x = require('./y')", [("./y", "", "x")]),
        ("export * from './s'", [("./s", "*", "")]),
        ("export * as n from './s'", [("./s", "", "n")]),
        ("export { p, q as r, default as D } from './p'", [("./p", "p", ""), ("./p", "q", "r"), ("./p", "", "D")]),
        ("const x = require('./y')", [("./y", "", "x")]),
        ("const {\n  a,\n  b: c,\n} = require('./y')", [("./y", "a", ""), ("./y", "b", "c")]),
        ("var parse = require('url').parse", [("url", "parse", "")]),
        ("function f() { return require('./late') }", [("./late", "", "")]),
        ("const lazy = () => import(/* webpackChunkName: 'v' */ './v')", [("./v", "", "")]),
        ("exports.a = require('./a'); module.exports = require('./b')", [("./a", "", "a"), ("./b", "*", "")]),
        (" * const a = require('./a')\n// require('./b')", []),
        ("require('./a'); require('./a')", [("./a", "", "")]),
        ("export { a }; export const b = 1", []),
    ],
)
def test_what_scripts_import(source: str, expected: list[tuple[str, str, str]]) -> None:
    assert imported(source) == expected


def test_packages_of_a_workspace_and_aliases() -> None:
    assert package_paths("@vue/shared") == ("shared/src/index", "shared")
    assert package_paths("@/views/home") == ("views/src/home", "views/home")
    assert package_paths("~/home") == ("home/src/index", "home")
    assert package_paths("vue") == ("vue/src/index", "vue")
    assert package_paths("http") == package_paths("node:fs/promises") == ()


FILES = {
    "lib/core/Axios.js": "function Axios() {}\nAxios.prototype.request = function () {};\nmodule.exports = Axios;\n",
    "lib/core/index.js": "exports.Client = require('./Axios');\nexport * from './deep';\n"
    "export { go as run } from './deep';\n",
    "lib/core/deep.js": "export * from './deeper';\nexport function go() {}\n",
    "lib/core/deeper.js": "export const found = () => 1;\nexport * from './deep';\n",
    "lib/adapters/http.js": "module.exports = function http() {};\n",
    "lib/axios.js": "import http from 'http';\nimport { run } from './core';\n",
    "packages/shared/src/index.ts": "export * from './general';\n",
    "packages/shared/src/general.ts": "export const isObject = (x: unknown) => true;\n",
}


def test_imports_of_scripts_are_followed_to_what_defines_them(
    make_repository: Callable[..., Path], tmp_path: Path
) -> None:
    localizer = Localizer(make_repository([("one", FILES)]), "HEAD", cache=tmp_path / "cache")
    modules, by_path = Modules(localizer.index), localizer.index.by_path

    def targets(module: str, name: str = "", source: str = "lib/axios.js") -> list[str]:
        found = modules.imported(by_path[source].number, Import(module, name))
        return [localizer.index.files[number].path for number in found]

    assert targets("./core/Axios") == ["lib/core/Axios.js"]
    assert targets("./core", "found") == ["lib/core/deeper.js"]
    assert targets("./core", "run") == ["lib/core/deep.js"]
    assert targets("./core", "Client") == ["lib/core/Axios.js"]
    assert targets("./core", "nowhere") == ["lib/core/index.js"]
    assert targets("http") == []
    assert targets("@vue/shared", "isObject") == ["packages/shared/src/general.ts"]
    assert targets("../axios", source="lib/core/index.js") == ["lib/axios.js"]
    localizer.close()
