"""Training: the loop, its optimizer, its seeds."""
