"""Scripts of the standard library only, run by the interpreter of the solution: the judge and the answerer.

The judge holds the hidden tests and counts; the solution runs in a process of its own, the answerer, which gets
arguments and gives results over a pipe and never sees what is expected of them.
"""
