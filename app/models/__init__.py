"""The tables. Every key and index begins with `project_id`: no page looks past its project."""

from app.models.access import ApiKey, Secret, Session, SignInLink
from app.models.cause import Cause, CauseCount, FormerCause
from app.models.counts import CreatedCount, DurationCount, FinishedCount
from app.models.document import Document
from app.models.job import Attempt, Event, Job
from app.models.node import NodeOutage
from app.models.origin import JobOrigin, LineageNamespace
from app.models.project import Project
from app.models.screen import Pairing, Screen, ScreenProject, WrongCode
from app.models.source import MirroredJob, Source

__all__ = [
    "ApiKey",
    "Attempt",
    "Cause",
    "CauseCount",
    "CreatedCount",
    "Document",
    "DurationCount",
    "Event",
    "FinishedCount",
    "FormerCause",
    "Job",
    "JobOrigin",
    "LineageNamespace",
    "MirroredJob",
    "NodeOutage",
    "Pairing",
    "Project",
    "Screen",
    "ScreenProject",
    "Secret",
    "Session",
    "SignInLink",
    "Source",
    "WrongCode",
]
