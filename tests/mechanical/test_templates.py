"""Each template makes the repair that it is named after."""

import pytest

from tools.mechanical import Mutation, apply
from tools.mechanical.priors import PRIOR
from tools.mechanical.propose import signature
from tools.mechanical.site import Site
from tools.mechanical.source import Source
from tools.mechanical.templates import TEMPLATES

# template, function before, the changed line(s) after
REPAIRS = [
    ("comparison", "def f(a, b):\n    return a < b", "return a <= b"),
    ("comparison", "def f(a, b):\n    return a not   in b", "return a in b"),
    ("arithmetic", "def f(a, b):\n    return a // b", "return a / b"),
    ("boolean", "def f(a, b):\n    return a and b", "return a or b"),
    ("drop_operand", "def f(a, b, c):\n    return a and b and c", "return a and c"),
    ("drop_operand", "def f(a, b, c):\n    return (a) and (b) and c", "return (a) and c"),
    ("swap_operands", "def f(a, b):\n    return a - b", "return b - a"),
    ("negate", "def f(a):\n    if a:\n        return 1", "if not a:"),
    ("negate", "def f(a):\n    if not a:\n        return 1", "if a:"),
    ("none_test", "def f(a):\n    if a:\n        return 1", "if a is not None:"),
    ("none_test", "def f(a):\n    a = a or 3\n    return a", "a = a if a is not None else 3"),
    ("add_operand", "def f(a, b):\n    if a:\n        return b", "if a and b:"),
    ("put_under", "def f(a, b):\n    b.append(a)", "if a:\n        b.append(a)"),
    ("early_exit", "def f(a):\n    return a[0]", "if not a:\n        return None\n    return a[0]"),
    ("early_exit", "def f(a):\n    for x in a:\n        g(x)", "if not x:\n            continue\n        g(x)"),
    ("fallback", "def f(a):\n    for x in a:\n        g(x)", "for x in a or ():"),
    ("initialise", "def f(a):\n    for x in a:\n        y = x\n    return y", "y = []\n    for x in a:"),
    ("soft_lookup", "def f(a, b):\n    return a[b]", "return a.get(b)"),
    ("soft_lookup", "def f(a):\n    return next(a)", "return next(a, None)"),
    ("normalise", "def f(a):\n    return len(a)", "a = list(a)\n    return len(a)"),
    ("integer", "def f(a):\n    return a[1]", "return a[0]"),
    ("boundary", "def f(a):\n    return range(a)", "return range(a + 1)"),
    ("boundary", "def f(a):\n    return range(a + 1)", "return range(a)"),
    ("slice_bounds", "def f(a, b):\n    return a[:b]", "return a[b:]"),
    ("truth", "def f(a):\n    return g(a, True)", "return g(a, False)"),
    ("default_value", "def f(a=''):\n    return a", "def f(a=None):"),
    (
        "mutable_default",
        "def f(a=[]):\n    return a",
        "def f(a=None):\n    if a is None:\n        a = []\n    return a",
    ),
    ("family", "def f(a):\n    return min(a)", "return max(a)"),
    ("family", "def f(a):\n    return a.partition('-')", "return a.rpartition('-')"),
    ("variable", "def f(left, right):\n    return left", "return right"),
    ("attribute", "class A:\n    def f(self):\n        self.xs = self.x", "self.xs = self.xs"),
    ("function_name", "def load(): pass\ndef loads(): pass\ndef f():\n    return load()", "return loads()"),
    ("qualify", "class A:\n    def g(self): pass\n    def f(self, g):\n        return g", "return self.g"),
    ("convert", "def f(a):\n    return g(a)", "return g(list(a))"),
    ("local_convert", "def f(a):\n    b = _quote(a)\n    return a", "return _quote(a)"),
    ("unwrap", "def f(a):\n    return g(a)", "return a"),
    ("call_it", "def f(a):\n    return a.keys", "return a.keys()"),
    ("swap_arguments", "def f(a, b):\n    return g(a, b)", "return g(b, a)"),
    ("drop_argument", "def f(a, b):\n    return g(a, b)", "return g(b)"),
    ("add_argument", "def f(a, b):\n    return g(a)", "return g(a, b)"),
    ("forward_keyword", "def f(a, *, deep):\n    return g(a)", "return g(a, deep=deep)"),
    ("star", "def f(a):\n    return g(a)", "return g(*a)"),
    ("except_type", "def f(a):\n    try: g()\n    except KeyError: pass", "except (KeyError, TypeError): pass"),
    ("raise_type", "def f(a):\n    raise KeyError(a)", "raise ValueError(a)"),
    ("swallow", "def f(a):\n    raise KeyError(a)", "return None"),
    ("type_test", "def f(a):\n    return isinstance(a, list)", "return isinstance(a, (list, tuple))"),
    ("type_test", "def f(a):\n    return type(a) == list", "return isinstance(a, list)"),
    ("delete", "def f(a):\n    a.clear()\n    return a", "def f(a):\n    return a"),
    ("missing_return", "def f(a):\n    g(a)", "return g(a)"),
    ("missing_return", "async def f(a):\n    return g(a)", "return await g(a)"),
    ("add_return", "def f(a):\n    a.sort()", "a.sort()\n    return a"),
    ("swap_statements", "def f(a):\n    g(a)\n    h(a)", "h(a)\n    g(a)"),
    ("dedent", "def f(a):\n    if a:\n        g()\n        h()\n    i()", "        g()\n    h()\n"),
    ("copy_nearby", "def f(a):\n    g(a)\n    h(a)\n    i(a)", "g(a)\n    h(a)\n    g(a)\n    i(a)"),
    ("branch", "def f(a, b):\n    if a: g()\n    if b: h()", "if a: g()\n    elif b: h()"),
    ("branch", "def f(a):\n    for x in a:\n        break", "continue"),
    ("regex", "def f(a):\n    return re.match('[0-9]+', a)", "return re.match('[0-9]+$', a)"),
    ("regex", "def f(a):\n    return re.match(r'a.b', a)", r"return re.match(r'a\.b', a)"),
    ("regex_flags", "def f(a):\n    return re.compile('x')", "return re.compile('x', re.IGNORECASE)"),
    ("string", "def f(a):\n    return a.get('Key')", "return a.get('key')"),
    ("format_tuple", "def f(a):\n    return '%s' % a", "return '%s' % (a,)"),
    ("character", "def f(a):\n    return re.match('[a-z]', a)", r"return re.match('[\w]', a)"),
    ("character", "def f(a):\n    return re.match('[+`-]', a)", "return re.match('[+-]', a)"),
    ("character", "def f(a):\n    return re.match('x@[ab]', a)", "return re.match('x@[ab@]', a)"),
    ("alternative", "def f(a):\n    return re.match('a|b', a)", "return re.match('(?:a|b)', a)"),
    ("alternative", "P = '|'.join(A) + '|' + '|'.join(B)", "P = '(' + '|'.join(A) + '|' + '|'.join(B) + ')'"),
    ("alternative", "def f(a):\n    return re.match('^' + a + '$', a)", r"return re.match(r'\A' + a + '$', a)"),
    ("borrow", "def f(a):\n    g(a.first)\n    return h(a.first + 1)", "g(a.first + 1)"),
    ("sibling_keyword", "def f(a):\n    g(a, strict=True)\n    return g(1)", "return g(1, strict=True)"),
    ("slice_bounds", "def f(a):\n    return a[:-1]", "return a[1:]"),
    ("slice_bounds", "def f(a):\n    return a[2:]", "return a[:-2]"),
    ("parametrise", "def f(name):\n    return g('x')", "return g(name)"),
    ("assign_alike", "class A:\n    def f(self, x, y):\n        self.x = x", "self.x = x\n        self.y = y"),
    ("assign_alike", "def f(a):\n    b = a.copy()\n    return b['deep'], b", "b = a.copy()\n    b['deep'] = None"),
    ("convert_under", "def f(a, many):\n    if many: g()\n    h(a)", "if many:\n        a = list(a)\n    h(a)"),
    ("hasattr_value", "def f(a):\n    return hasattr(a, 'x')", "return getattr(a, 'x', None)"),
    ("add_element", "def f(a):\n    if a == 'x':\n        return a in ('y', 'z')", "return a in ('y', 'z', 'x')"),
]


@pytest.mark.parametrize(("template", "before", "after"), REPAIRS)
def test_template_repairs(template: str, before: str, after: str) -> None:
    source = Source("m.py", before.encode() + b"\n")
    results = set()
    for statement in source.statements:
        for draft in TEMPLATES[template](Site(source, statement)):
            edit = Mutation("m.py", draft.start, draft.end, draft.text.encode(), template, 1, draft.weight, 1.0)
            if signature(source, statement, edit):
                results.add(apply(source.content, edit).decode())
    assert after not in before
    assert any(after in result for result in results)


def test_every_template_is_exercised() -> None:
    assert {template for template, _, _ in REPAIRS} == TEMPLATES.keys()


def test_priors_name_templates_and_are_probabilities() -> None:
    assert PRIOR.keys() <= TEMPLATES.keys()
    assert all(0 < prior < 1 for prior in PRIOR.values())
