"""What outlives everything on the management side: revisions, users, sessions and the audit trail, in one database."""
