"""How much projects and owners store, and how much they may."""
