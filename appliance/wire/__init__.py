"""What the processes say to one another: whole state in length-prefixed JSON on unix sockets."""
