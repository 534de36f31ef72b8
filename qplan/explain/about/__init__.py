"""Questions about a plan by address: why a site, link or corridor is as it is, and what would change it."""
