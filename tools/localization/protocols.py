"""What people call the special methods of Python: an issue about pickling is about `__getstate__`."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SPOKEN: Mapping[str, tuple[str, ...]] = {
    r"pickl\w*|unpickl\w*|serializ\w+": ("__getstate__", "__setstate__", "__reduce__", "__reduce_ex__"),
    r"deepcop\w+": ("__deepcopy__", "__copy__", "__getstate__"),
    r"shallow copy|copy\.copy": ("__copy__",),
    r"hash\w*|unhashable": ("__hash__", "__eq__"),
    r"equal\w*|equality|compar\w+|not equal|==|!=": ("__eq__", "__ne__", "__hash__", "__lt__"),
    r"order\w*|sort\w*|less than|greater than": ("__lt__", "__gt__", "__le__", "__ge__"),
    r"repr\w*|representation": ("__repr__", "__str__"),
    r"str\(|string representation|print\w*|display\w*": ("__str__", "__repr__"),
    r"len\(|length|has no len": ("__len__", "__bool__"),
    r"bool\(|truth\w*|falsy": ("__bool__", "__len__", "__nonzero__"),
    r"iterat\w+|not iterable|iter\(|unpack\w*": ("__iter__", "__next__"),
    r"subscript\w*|index\w*|slic\w+|getitem|lookup": ("__getitem__", "__setitem__"),
    r"contain\w*|membership|is not a container": ("__contains__",),
    r"callable|not callable": ("__call__",),
    r"combin\w+|unsupported operand\w*|operand\w*|operator\w*": ("__or__", "__and__", "__add__", "__sub__", "__mul__"),
    r"multipl\w+|product": ("__mul__", "__rmul__", "__matmul__"),
    r"divi\w+": ("__truediv__", "__div__", "__floordiv__", "__rtruediv__"),
    r"add\w*|sum\w*|concatenat\w+": ("__add__", "__radd__", "__iadd__"),
    r"subtract\w*|difference": ("__sub__", "__rsub__"),
    r"power|exponent\w*": ("__pow__", "__rpow__"),
    r"attribute\w*|getattr|setattr|delattr": ("__getattr__", "__setattr__", "__getattribute__", "__delattr__"),
    r"context manager|with statement": ("__enter__", "__exit__"),
    r"numpy|ufunc\w*": ("__array__", "__array_ufunc__", "__array_function__"),
    r"__init__|constructor|instantiat\w+": ("__init__", "__new__"),
}
_PATTERNS = [(re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.I), names) for pattern, names in _SPOKEN.items()]


def special_methods(title: str, rest: str) -> dict[str, float]:
    """Special methods a text speaks of: 1 when the title does, 0.5 when only the rest does."""
    found: dict[str, float] = {}
    for pattern, names in _PATTERNS:
        said = 1.0 if pattern.search(title) else 0.5 if pattern.search(rest) else 0.0
        for name in names if said else ():
            found[name] = max(found.get(name, 0.0), said)
    return found
