"""What the sample province adds on the public sites: news, visits, searches."""
