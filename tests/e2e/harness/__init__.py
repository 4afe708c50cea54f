"""A mail site in a temporary folder: MTAs, sealmilter, a next hop that keeps what it gets. Standard library only."""
