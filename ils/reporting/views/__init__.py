"""Pages of reporting: live figures, a library's reports, the province."""
