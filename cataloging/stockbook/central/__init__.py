"""Central purchase: bought by the province, split to libraries, confirmed by each."""
