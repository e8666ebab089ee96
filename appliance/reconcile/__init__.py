"""Making the machine hold what it should, and knowing what is left to do."""
