"""How measuring works: what is due when, what sees it, and how it becomes frames."""
