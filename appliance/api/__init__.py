"""The REST API: the one way in for the web page, the command line and programs."""
