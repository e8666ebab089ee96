"""The processes: the only places where rooms are joined."""
