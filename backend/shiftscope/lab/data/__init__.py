"""The data that networks are trained on: fetched, read, prepared."""
