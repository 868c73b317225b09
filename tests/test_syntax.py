"""Trees of Python source, from many threads at once."""

from __future__ import annotations

import ast
import inspect
import sys
import threading

import pytest

from tools.syntax import parse_expression, parse_literal, parse_python

SOURCE = inspect.getsource(ast)


class Slow:
    """Its end takes long enough for another thread to come in, in the middle of a parse."""

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        for _ in range(50):
            pass


def test_threads_do_not_disturb_each_other() -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    failed: list[BaseException] = []

    def work() -> None:
        for _ in range(10):
            Slow()
            try:
                parse_python(SOURCE)
            except SystemError as error:
                failed.append(error)

    try:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert not failed


def test_as_the_standard_library() -> None:
    assert ast.dump(parse_python("x = 1")) == ast.dump(ast.parse("x = 1"))
    assert isinstance(parse_expression("1 + a").body, ast.BinOp)
    assert parse_literal("[1, 'a']") == [1, "a"]
    with pytest.raises(SyntaxError):
        parse_python("x =")
