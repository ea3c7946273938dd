"""The narrator's rules, one thing that may be seen in a run each."""
