"""Function-level problems (HumanEval, MBPP, EvoEval, CodeContests) as tasks: the same two sides as any benchmark.

The *statement* is what the solving side gets: it becomes a tiny git repository and a `Task`. The *hidden tests* are
another type, which only grading receives.
"""
