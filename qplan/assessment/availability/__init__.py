"""Availability of corridors in the long run: components that fail and are repaired independently of each other.

`components` says what fails how often, `combined` combines it exactly over planned paths, `restoration` bounds it over
any chain of installed links, `corridors` puts the answers together.
"""
