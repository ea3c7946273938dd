"""Callbacks for other libraries' trainers, one file each: whoever imports one has the library."""
