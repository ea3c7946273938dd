"""Probes that are added the way CONTRIBUTING says: one file each, which declares everything."""
