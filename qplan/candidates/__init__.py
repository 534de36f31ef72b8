"""What could be built, with no decision and no solver: candidate links, routes, bundles, graph searches, precheck,
designs.
"""
