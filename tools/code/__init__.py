"""Looking at source code: languages and definitions, and the view, grep, find and outline of the solver's tools."""
