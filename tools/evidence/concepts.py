"""What a requirement asks for in words, and whether code does anything of the kind.

A program that leaves out half of the requirement can still agree with many tests whose author left out the same half.
The table says of words in a requirement by what constructs of Python one would know that they were heeded. It is
written by hand and fitted to nothing; it need not be right, since what no candidate shows is held against none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_TABLE = {
    "parity": (r"even\b|evens|odd\b|odds", r"% 2\b|& 1\b|, 2\)"),
    "digits": (r"digits?\b", r"str\(|% 10\b|divmod|isdigit|isnumeric|repr\("),
    "prime": (r"primes?\b", r"%|prime"),
    "order": (
        r"sort|ascending|descending|increasing|decreasing|in order|alphabetical|lexicograph",
        r"sort|min\(|max\(|heap|reversed|<|>",
    ),
    "distinct": (
        r"uniques?\b|distinct|duplicat|repeat|more than once|only once",
        r"set\(|\bin\b|count\(|Counter|\{|== ",
    ),
    "vowels": (r"vowel|consonant", r"aeiou|AEIOU|'e'|\"e\""),
    "length": (r"length|size\b|how long", r"len\("),
    "sum": (r"\bsum|total|\badds?\b|adding", r"sum\(|\+"),
    "largest": (r"max|largest|biggest|greatest|longest|highest|most\b", r"max\(|>|<|sort"),
    "smallest": (r"\bmin|smallest|lowest|shortest|least\b", r"min\(|>|<|sort"),
    "reverse": (r"revers|palindrom|backward", r"::-1|revers|- 1"),
    "count": (
        r"\bcount|number of|how many|frequen|occurr|times",
        r"count|len\(|\+= 1\b|\+ 1\b|sum\(|Counter",
    ),
    "upper": (r"upper ?case|capital", r"upper|[A-Z]{5}|ord\(|title|capitalize|'A'"),
    "lower": (r"lower ?case", r"lower|abcdef|ord\(|'a'"),
    "case": (r"swap|flip|invert|\bcase\b", r"case|upper|lower|not |-"),
    "words": (r"\bwords?\b|separated|split|sentence", r"split|findall|' '"),
    "first": (r"\bfirst\b", r"\[0\]|\[:|range\(|next\(|startswith|min\(|break|index"),
    "last": (r"\blast\b|\bends?\b|suffix", r"\[-|- 1\]|\[::-1|endswith|% 10|pop\(|- 1"),
    "square": (r"square|power|cube|exponent", r"\*\*|sqrt|pow\(|\*|log"),
    "average": (r"average|\bmean\b|deviation", r" / |mean|avg"),
    "median": (r"median|middle", r"// 2|/ 2|median"),
    "round": (r"round|nearest|ceil|floor|decimal|integer part|whole", r"round|ceil|floor|int\(|//|% 1|split"),
    "binary": (r"binary|\bbits?\b", r"bin\(|% 2|, 2\)|:b|'b'|& 1"),
    "letters": (
        r"ascii|shift|cipher|encod|decod|alphabet|letter",
        r"ord\(|chr\(|ascii|abc|isalpha|\{|aeiou",
    ),
    "divide": (r"divis|divid|multiples? of|remainder|modul|\bgcd\b|\blcm\b|factors?\b", r"%|//|/|gcd"),
    "product": (r"product|multipl", r"\*|prod"),
    "factorial": (r"factorial", r"\*|factorial"),
    "index": (r"\bind(?:ex|ices|exes)\b|positions?\b", r"enumerate|range\(|index|find|::"),
    "negative": (r"negative", r"< 0|<= 0|<= -1|> -1|>= 0|abs\(|'-'|-"),
    "positive": (r"\bpositives?\b(?! integer)", r"> 0|>= 1|>= 0|< 0|<= 0|abs\("),
    "empty": (
        r"\bempty\b|\bnone\b|no such|not exist|doesn't exist",
        r"not |len\(|\[\]|''|\"\"|None",
    ),
    "dictionary": (r"dictionar|\bdict\b|\bkeys?\b|\bmap\b", r"dict|\{|items|keys|Counter"),
    "absolute": (r"absolute|magnitude|difference|distance|closer|closest", r"abs\(|-"),
    "brackets": (r"bracket|parenthes|nest", r"['\"][\(\[<{]"),
    "contains": (r"contain|substring|includ|exist|appear|present", r"\bin\b|find|count|any\(|=="),
    "all": (
        r"\ball\b|\bevery\b|\beach\b",
        r"\bfor\b|all\(|while|map\(|filter\(|set\(|sum\(|join",
    ),
    "between": (r"between|range|inclusive|interval", r"range\(|<=|>=|<|>"),
    "condition": (r"\bif\b|otherwise|\belse\b|unless|except", r"\bif\b|\band\b|\bor\b|==|<|>|not "),
    "both": (r"\bboth\b|same time", r"\band\b|&|\bif\b.*\n.*\bif\b"),
    "concatenate": (r"concat|join|delimiter|interlea|insert|string of", r"join|\+|f'|format"),
    "remove": (
        r"remov|delet|without|exclud|ignor|filter|strip|drop",
        r"\bif\b|remove|filter|replace|strip|del |pop|\[.*:.*\]|- ",
    ),
    "replace": (
        r"replac|convert|transform|instead",
        r"replace|\bif\b|translate|sub\(|\bfor\b|join|str\(|int\(",
    ),
    "compare": (
        r"greater|larger|more than|less|smaller|fewer|below|above|exceed|threshold|at least|at most|compare|than\b",
        r"<|>|max\(|min\(|sort",
    ),
    "equal": (r"\bequal|\bsame\b|identical|match|correspond", r"==|!=|set\(|\bin\b"),
    "sequence": (r"sequence|series|fibonacci|recurrence|n-th|nth", r"\bfor\b|while|def |append|range"),
    "text": (r"represent|string", r"str|'|\"|join|split|\["),
    "neighbours": (
        r"consecutive|adjacent|neighbo|preced|next to|following|previous|prefix",
        r"\+ 1\]|- 1\]|\[1:|zip|\[:|\+ 1|- 1",
    ),
    "hash": (r"\bmd5\b|hash", r"md5|hash"),
    "type": (r"\binstance|only integers|are integers|is an integer|type\b", r"isinstance|type\(|int\(|% 1"),
}
_CONCEPTS = {name: (re.compile(asked, re.IGNORECASE), re.compile(done)) for name, (asked, done) in _TABLE.items()}


def asked_for(text: str) -> frozenset[str]:
    """The concepts that the words of a requirement name."""
    return frozenset(name for name, (asked, _) in _CONCEPTS.items() if asked.search(text))


def heeded(concepts: Iterable[str], code: str) -> frozenset[str]:
    """Those of the concepts of which there is any trace in `code`: as `ast.unparse` writes it, without docstrings."""
    return frozenset(name for name in concepts if _CONCEPTS[name][1].search(code))
