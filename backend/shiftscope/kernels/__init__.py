"""The compiled passes over memory: numbers in, numbers out; nothing here knows what a network is."""
