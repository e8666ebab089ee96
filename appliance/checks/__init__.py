"""Monitors (health checks): one file is one kind, with its settings and its behaviour."""
