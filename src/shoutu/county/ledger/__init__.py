"""The record nobody can quietly rewrite: entries, a Merkle tree over them, signed heads, witnesses."""
