"""The narrator: sentences about a run, made of what it recorded; pure, without a file, a clock or a network."""
