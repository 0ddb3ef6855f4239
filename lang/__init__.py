"""Source to typed program: grammar, syntax tree, type checker, escape analysis."""
