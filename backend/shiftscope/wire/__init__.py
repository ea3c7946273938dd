"""What travels between what measures, what stores and what shows: frames, layouts, messages, assignments."""
