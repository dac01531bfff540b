"""The pack cache: a pack that many clients ask for at once is made once.

git's upload-pack runs :mod:`ropewalk.repos.packs.hook` in place of ``pack-objects`` (``uploadpack.packObjectsHook``), for clones
of repositories that are worth it. The first client's hook starts a writer that outlives it; every client, the first too, reads
the growing file. :mod:`ropewalk.repos.packs.cache` decides when, and keeps the folder small.
"""
