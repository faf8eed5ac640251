"""The pages of rotation: for staff, and the one the point opens on a phone."""
