"""What beat sends, in one list. Periods in seconds."""

SCHEDULE: dict[str, dict[str, object]] = {
    "sweep-jobs": {"task": "ropewalk.sweep_jobs", "schedule": 15.0, "options": {"expires": 15}},
    "sweep-store": {"task": "ropewalk.sweep_store", "schedule": 3600.0, "options": {"expires": 3600}},
    "sweep-orphans": {"task": "ropewalk.sweep_orphans", "schedule": 3600.0, "options": {"expires": 3600}},
    "reconcile-repositories": {
        "task": "ropewalk.reconcile_repositories",
        "schedule": 120.0,
        "options": {"expires": 120},
    },
    "index-outdated": {"task": "ropewalk.index_outdated", "schedule": 60.0, "options": {"expires": 60}},
    "sync-mirrors": {"task": "ropewalk.sync_mirrors", "schedule": 20.0, "options": {"expires": 20}},
    "sweep-repositories": {
        "task": "ropewalk.sweep_repositories",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "sweep-sign-ins": {"task": "ropewalk.sweep_sign_ins", "schedule": 3600.0, "options": {"expires": 3600}},
    "fold-sums": {"task": "ropewalk.fold_sums", "schedule": 30.0, "options": {"expires": 30}},
    "count-stored": {"task": "ropewalk.count_stored", "schedule": 600.0, "options": {"expires": 600}},
    "sweep-names": {"task": "ropewalk.sweep_names", "schedule": 3600.0, "options": {"expires": 3600}},
    "purge-removed-data": {
        "task": "ropewalk.purge_removed_data",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "scrub": {"task": "ropewalk.scrub", "schedule": 3600.0, "options": {"expires": 3600}},
    "purge-projects": {"task": "ropewalk.purge_projects", "schedule": 600.0, "options": {"expires": 600}},
}
