"""Buying, light: suppliers, budget lines, orders, and what people would like to have."""
