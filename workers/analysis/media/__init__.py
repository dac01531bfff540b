"""Images, sounds and texts as rows of properties: one row a file, a pure function of its bytes, bounded whatever they are.

A folder of them is then a table like any other: it is profiled, drawn and compared by the same code.
"""

MEDIA_VERSION = 1  # of what is measured; part of the key under which it is kept
