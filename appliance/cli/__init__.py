"""The command line: everything through the REST API, from the box or from anywhere."""
