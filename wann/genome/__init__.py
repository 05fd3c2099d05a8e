"""Genes, their operators, and the network that they describe."""
