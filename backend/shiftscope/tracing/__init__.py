"""How a network is seen without being disturbed: its layers, its forward passes, passes of one's own beside them."""
