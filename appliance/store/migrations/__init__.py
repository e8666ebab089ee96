"""Steps from one layout of the database to the next, run at every start."""
