"""How a network is seen without being disturbed: its layers, its forward passes, and passes of one's own beside them."""
