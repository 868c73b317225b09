"""Reading configuration files that may be absent, broken or in any encoding."""

from __future__ import annotations

import configparser
import json
import tomllib
from typing import Any

from tools.files import FileReader


def read_text(files: FileReader, path: str) -> str:
    """The text of a file; empty when it is not there."""
    return files.read(path).decode("utf-8", "replace") if files.exists(path) else ""


def read_toml(files: FileReader, path: str) -> dict[str, Any]:
    """A TOML file; empty when it is not there or broken."""
    try:
        return tomllib.loads(read_text(files, path))
    except tomllib.TOMLDecodeError:
        return {}


def read_json(files: FileReader, path: str) -> dict[str, Any]:
    """A JSON object; empty when it is not there or broken."""
    try:
        found = json.loads(read_text(files, path) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def read_ini(files: FileReader, path: str) -> configparser.RawConfigParser:
    """An INI file; empty when it is not there or broken."""
    return parse_ini(read_text(files, path))


def parse_ini(text: str) -> configparser.RawConfigParser:
    """The sections of an INI text; none when it is broken."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return configparser.RawConfigParser()
    return parser
