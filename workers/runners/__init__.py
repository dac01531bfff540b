"""The registry: which runner computes which kind of job. A new runner is added here and nowhere else."""

from workers.runners.base import Runner
from workers.runners.collect_data import CollectData, FindUnneeded
from workers.runners.compare_data import CompareData
from workers.runners.compare_files import CompareFiles
from workers.runners.compare_runs import CompareRuns
from workers.runners.fetch_data import FetchData
from workers.runners.find_contributors import FindContributors
from workers.runners.find_last_commits import FindLastCommits
from workers.runners.find_rows import FindRows
from workers.runners.fork_project import ForkProject
from workers.runners.import_repository import ImportRepository
from workers.runners.index_revision import IndexHistory, IndexRevision
from workers.runners.maintain_repository import MaintainRepository
from workers.runners.make_preview import MakePreview
from workers.runners.map_pipeline import MapPipeline
from workers.runners.profile_data import ProfileData
from workers.runners.profile_outside import ProfileOutside
from workers.runners.push_to_mirror import PushToMirror
from workers.runners.read_plots import ReadPlots
from workers.runners.restore_data import RestoreData
from workers.runners.sync_mirror import SyncMirror
from workers.runners.tell_of_offer import TellOfOffer

_ALL: list[Runner] = [
    ForkProject(),
    ImportRepository(),
    IndexHistory(),
    IndexRevision(),
    CollectData(),
    FindUnneeded(),
    CompareData(),
    CompareFiles(),
    CompareRuns(),
    FetchData(),
    FindContributors(),
    FindLastCommits(),
    FindRows(),
    MaintainRepository(),
    MakePreview(),
    MapPipeline(),
    ProfileData(),
    ProfileOutside(),
    PushToMirror(),
    ReadPlots(),
    RestoreData(),
    SyncMirror(),
    TellOfOffer(),
]
RUNNERS: dict[str, Runner] = {runner.kind.name: runner for runner in _ALL}
