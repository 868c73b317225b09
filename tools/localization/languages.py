"""The languages the index knows: which grammar parses them and which nodes define, contain and import.

A table per language instead of tree queries: the walk descends only into the named containers, never into
expressions, which is several times cheaper than running a query over the whole tree.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Parser


@dataclass(frozen=True)
class Language:
    """One language.

    Attributes:
        name: its usual name.
        extensions: of file names, with the dot.
        grammar: `module:function` that yields the grammar; empty when files are only scanned.
        definitions: node type -> kind of what it defines.
        containers: node types that may hold definitions at any depth.
        imports: node types that import.
        style: how comments and strings look: `python`, `c`, `ruby`, `php` or `plain`.
        attributes: node types that stand before what they are about.
    """

    name: str
    extensions: tuple[str, ...]
    grammar: str = ""
    definitions: Mapping[str, str] = field(default_factory=dict)
    containers: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()
    style: str = "plain"
    attributes: frozenset[str] = frozenset()


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_JS_DEFINITIONS = {
    "function_declaration": "function",
    "generator_function_declaration": "function",
    "class_declaration": "class",
    "method_definition": "method",
    "class": "class",
}
_TS_DEFINITIONS = _JS_DEFINITIONS | {
    "abstract_class_declaration": "class",
    "interface_declaration": "interface",
    "type_alias_declaration": "type",
    "enum_declaration": "enum",
    "internal_module": "module",
    "module": "module",
    "method_signature": "method",
    "abstract_method_signature": "method",
    "function_signature": "function",
}
_JS_CONTAINERS = _set(
    "program export_statement class_body lexical_declaration variable_declaration "
    "statement_block return_statement if_statement else_clause "
    "try_statement catch_clause expression_statement interface_body object_type ambient_declaration "
    "parenthesized_expression sequence_expression unary_expression binary_expression ternary_expression "
    "await_expression"
)

LANGUAGES = (
    Language(
        "python",
        (".py", ".pyi", ".pyw"),
        "tree_sitter_python:language",
        {"function_definition": "function", "class_definition": "class", "assignment": "variable"},
        _set(
            "module block decorated_definition if_statement elif_clause else_clause try_statement except_clause "
            "finally_clause with_statement for_statement while_statement expression_statement"
        ),
        _set("import_statement import_from_statement"),
        "python",
    ),
    Language(
        "javascript",
        (".js", ".mjs", ".cjs", ".jsx"),
        "tree_sitter_javascript:language",
        _JS_DEFINITIONS,
        _JS_CONTAINERS,
        _set("import_statement"),
        "c",
    ),
    Language(
        "typescript",
        (".ts", ".mts", ".cts"),
        "tree_sitter_typescript:language_typescript",
        _TS_DEFINITIONS,
        _JS_CONTAINERS,
        _set("import_statement"),
        "c",
        _set("decorator"),
    ),
    Language(
        "tsx",
        (".tsx",),
        "tree_sitter_typescript:language_tsx",
        _TS_DEFINITIONS,
        _JS_CONTAINERS,
        _set("import_statement"),
        "c",
        _set("decorator"),
    ),
    Language(
        "go",
        (".go",),
        "tree_sitter_go:language",
        {
            "function_declaration": "function",
            "method_declaration": "method",
            "type_spec": "type",
            "type_alias": "type",
            "const_spec": "variable",
            "var_spec": "variable",
        },
        _set("source_file type_declaration const_declaration var_declaration var_spec_list"),
        _set("import_declaration"),
        "c",
    ),
    Language(
        "rust",
        (".rs",),
        "tree_sitter_rust:language",
        {
            "function_item": "function",
            "function_signature_item": "function",
            "struct_item": "struct",
            "enum_item": "enum",
            "union_item": "struct",
            "trait_item": "trait",
            "impl_item": "impl",
            "mod_item": "module",
            "macro_definition": "macro",
            "const_item": "variable",
            "static_item": "variable",
            "type_item": "type",
        },
        _set("source_file declaration_list foreign_mod_item"),
        _set("use_declaration"),
        "c",
        _set("attribute_item"),
    ),
    Language(
        "java",
        (".java",),
        "tree_sitter_java:language",
        {
            "class_declaration": "class",
            "interface_declaration": "interface",
            "enum_declaration": "enum",
            "record_declaration": "class",
            "annotation_type_declaration": "interface",
            "method_declaration": "method",
            "constructor_declaration": "method",
            "compact_constructor_declaration": "method",
            "variable_declarator": "variable",
            "enum_constant": "variable",
        },
        _set(
            "program class_body interface_body enum_body enum_body_declarations field_declaration "
            "constant_declaration annotation_type_body"
        ),
        _set("import_declaration"),
        "c",
    ),
    Language(
        "c",
        (".c", ".h"),
        "tree_sitter_c:language",
        {
            "function_definition": "function",
            "struct_specifier": "struct",
            "union_specifier": "struct",
            "enum_specifier": "enum",
            "type_definition": "type",
            "preproc_def": "macro",
            "preproc_function_def": "macro",
        },
        _set(
            "translation_unit preproc_if preproc_ifdef preproc_else preproc_elif "
            "linkage_specification declaration_list declaration"
        ),
        _set("preproc_include"),
        "c",
    ),
    Language(
        "cpp",
        (".cc", ".cpp", ".cxx", ".c++", ".hpp", ".hh", ".hxx", ".ipp", ".cu", ".cuh"),
        "tree_sitter_cpp:language",
        {
            "function_definition": "function",
            "class_specifier": "class",
            "struct_specifier": "struct",
            "union_specifier": "struct",
            "enum_specifier": "enum",
            "namespace_definition": "module",
            "alias_declaration": "type",
            "concept_definition": "type",
            "type_definition": "type",
            "preproc_def": "macro",
            "preproc_function_def": "macro",
        },
        _set(
            "translation_unit preproc_if preproc_ifdef preproc_else preproc_elif "
            "linkage_specification declaration_list "
            "field_declaration_list template_declaration declaration field_declaration friend_declaration"
        ),
        _set("preproc_include using_declaration"),
        "c",
    ),
    Language(
        "csharp",
        (".cs",),
        "tree_sitter_c_sharp:language",
        {
            "class_declaration": "class",
            "struct_declaration": "struct",
            "interface_declaration": "interface",
            "enum_declaration": "enum",
            "record_declaration": "class",
            "method_declaration": "method",
            "constructor_declaration": "method",
            "destructor_declaration": "method",
            "operator_declaration": "method",
            "conversion_operator_declaration": "method",
            "indexer_declaration": "method",
            "event_declaration": "method",
            "property_declaration": "variable",
            "namespace_declaration": "module",
            "file_scoped_namespace_declaration": "module",
            "delegate_declaration": "type",
            "variable_declarator": "variable",
        },
        _set(
            "compilation_unit declaration_list field_declaration variable_declaration preproc_if preproc_elif "
            "preproc_else"
        ),
        _set("using_directive"),
        "c",
    ),
    Language(
        "ruby",
        (".rb", ".rake"),
        "tree_sitter_ruby:language",
        {
            "method": "method",
            "singleton_method": "method",
            "class": "class",
            "module": "module",
            "assignment": "variable",
        },
        _set("program body_statement block_body argument_list singleton_class if unless then else begin"),
        _set("call"),
        "ruby",
    ),
    Language(
        "php",
        (".php", ".inc", ".phtml"),
        "tree_sitter_php:language_php",
        {
            "function_definition": "function",
            "method_declaration": "method",
            "class_declaration": "class",
            "interface_declaration": "interface",
            "trait_declaration": "trait",
            "enum_declaration": "enum",
            "const_element": "variable",
            "property_element": "variable",
            "namespace_definition": "module",
        },
        _set(
            "program declaration_list compound_statement const_declaration property_declaration "
            "enum_declaration_list if_statement return_statement object_creation_expression anonymous_class"
        ),
        _set("namespace_use_declaration"),
        "php",
    ),
)

_PLAIN = Language(
    "other",
    tuple(
        sorted(
            _set(
                ".pyx .pxd .pxi .kt .kts .scala .swift .lua .ex .exs .erl .hrl .hs .ml .mli .jl .r .pl .pm .sh "
                ".bash .zsh .fish .ps1 .sql .vue .svelte .dart .clj .cljs .fs .fsx .vb .m .mm .f90 .f95 .f03 .f "
                ".for .asm .s .v .sv .vhd .vhdl .nim .zig .d .groovy .gradle .cmake .tcl .lisp .el .scm .rkt "
                ".sol .proto .thrift .graphql .cr .hack .coffee .cfc .pas .adb .ads .cob .bas .awk .jinja .j2 "
                ".tmpl .tpl .erb .haml .html .htm .css .scss .sass .less"
            )
        )
    ),
)
PROSE_EXTENSIONS = _set(".md .rst .txt .adoc .tex .org .po .pot .json .yml .yaml .toml .cfg .ini .xml .csv .ipynb")

BY_EXTENSION = {extension: language for language in (*LANGUAGES, _PLAIN) for extension in language.extensions}
BY_NAME = {language.name: language for language in (*LANGUAGES, _PLAIN)}


def language_of(path: str) -> Language | None:
    """The language of a path by its extension; None for prose, data and what is unknown altogether."""
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    return BY_EXTENSION.get(name[dot:].lower()) if dot > 0 else None


@functools.cache
def parser_for(name: str) -> Parser | None:
    """A parser for the language called `name`; None when it has no grammar."""
    grammar = BY_NAME[name].grammar
    if not grammar:
        return None
    import tree_sitter

    module, _, function = grammar.partition(":")
    return tree_sitter.Parser(tree_sitter.Language(getattr(importlib.import_module(module), function)()))


@functools.cache
def grammar_versions() -> str:
    """The installed versions of the parser and all grammars, as one line: part of the key of everything cached."""
    from importlib import metadata

    modules = {language.grammar.partition(":")[0].replace("_", "-") for language in LANGUAGES} | {"tree-sitter"}
    return " ".join(f"{module}={metadata.version(module)}" for module in sorted(modules))
