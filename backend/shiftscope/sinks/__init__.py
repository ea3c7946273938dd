"""Where frames go: to a server, into a file, into memory."""
