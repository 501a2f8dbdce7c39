"""What runs inside Ansible's own process: the border, the spool, and how events are written.

Nothing here imports more of `runner` than this package, so that it costs the play nothing. The other side of the
border is `runner.engine.ansible`.
"""
