"""What a path says of a file."""

import pytest

from tools.localization.paths import is_aside, is_test, is_vendored


@pytest.mark.parametrize(
    "path",
    [
        "tests/core.py",
        "pkg/tests/core.py",
        "test_core.py",
        "pkg/conftest.py",
        "src/a.spec.ts",
        "test/a.rb",
        "binding/binding_test.go",
        "promql/testdata/main.go",
        "packages/reactivity/__tests__/ref.ts",
        "packages-private/dts-test/h.ts",
        "src/h.test-d.tsx",
        "packages/query/src/tests/query.ts",
        "Src/Newtonsoft.Json.Tests/Linq/A.cs",
        "src/UnitTests/Map.cs",
        "gson/src/test/java/a/B.java",
        "src/JsonReaderTest.java",
        "lib/a_spec.rb",
        "crates/core/tests.rs",
        "deep/test/format-test.cc",
        "test/unit/a.js",
    ],
)
def test_tests(path):
    assert is_test(path)


@pytest.mark.parametrize(
    "path",
    [
        "django/test/client.py",
        "sympy/testing/runtests.py",
        "pkg/contest.py",
        "latest/a.py",
        "src/latest.js",
        "src/contest/main.go",
        "src/attest.c",
        "lib/spec.rb",
        "src/Tester.java",
        "pkg/protest/protest.rs",
    ],
)
def test_what_only_sounds_like_a_test(path):
    assert not is_test(path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("requests/packages/urllib3/response.py", True),
        ("packages/reactivity/src/ref.ts", False),
        ("apps/shop/packages/ui/button.tsx", False),
        ("vendor/github.com/x/y.go", True),
        ("deps/lua/src/lapi.c", True),
        ("third-party/x.cc", True),
        ("sympy/core/package.py", False),
        ("src/depsgraph/a.c", False),
    ],
)
def test_other_peoples_code(path, expected):
    assert is_vendored(path) == expected
    assert is_aside(path) or not expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tools/run.py", True),
        ("tools/run.go", False),
        ("utils/strings.go", False),
        ("plugins/http/plugin.ts", False),
        ("extras/src/main/java/A.java", False),
        ("examples/basic/main.go", True),
        ("crates/cli/benches/parse.rs", True),
        ("dist/axios.js", True),
        ("src/distance.js", False),
        ("lib/jquery.min.js", True),
        ("api/service.pb.go", True),
        ("src/Form.Designer.cs", True),
        ("eslint.config.js", True),
        (".eslintrc.cjs", True),
        ("lib/config.js", False),
        ("src/core/mergeConfig.js", False),
        ("docs/conf.js", True),
        ("extras/catch_amalgamated.cpp", True),
        ("single_include/catch.hpp", True),
    ],
)
def test_beside_the_code(path, expected):
    assert is_aside(path) == expected
