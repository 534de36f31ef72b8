"""The one layout of inventory files: indentation, spaces, blank lines and the place of comments, never the meaning.

Nothing is sorted: the order in which things are declared is their author's; inventory.json has one of its own, by id.
`canonical` is the way in; `printer` walks over the tokens of a file, `gaps` reads what stands between two tokens,
`lines` holds what is written and sets the columns of comments.
"""
