"""Where an instance lives: the name of its network namespace."""

PREFIX = "jeoul-"
FOLDER = "/run/netns"


def namespace(instance: str) -> str:
    """Return the name of an instance's network namespace."""
    return PREFIX + instance


def file_of(instance: str) -> str:
    """Return the file that holds an instance's network namespace."""
    return f"{FOLDER}/{namespace(instance)}"
