from apps.moderation.routers.appeals import router as appeals_router
from apps.moderation.routers.back_tests import router as back_tests_router
from apps.moderation.routers.bulk import router as bulk_router
from apps.moderation.routers.case_reading import router as case_reading_router
from apps.moderation.routers.cases import router as cases_router
from apps.moderation.routers.desk import router as desk_router
from apps.moderation.routers.figure_files import router as figure_files_router
from apps.moderation.routers.figures import router as figures_router
from apps.moderation.routers.notices import notices_router, reports_router
from apps.moderation.routers.people import router as people_router
from apps.moderation.routers.policies import router as policies_router
from apps.moderation.routers.record_rows import router as record_rows_router
from apps.moderation.routers.records import router as records_router
from apps.moderation.routers.rules import router as rules_router

__all__ = [
    "appeals_router",
    "back_tests_router",
    "bulk_router",
    "case_reading_router",
    "cases_router",
    "desk_router",
    "figure_files_router",
    "figures_router",
    "notices_router",
    "people_router",
    "policies_router",
    "record_rows_router",
    "records_router",
    "reports_router",
    "rules_router",
]
