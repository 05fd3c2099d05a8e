"""The table of results that anyone can make again: evolve, evaluate, tune, compare."""
