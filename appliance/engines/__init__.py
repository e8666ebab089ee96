"""Engines: each turns the document into rows of one part of the machine. A new engine is one folder here."""
