"""The API under /api/v1/, and the one that OpenAI's clients speak, filled by each app's routers."""

from apps.accounts.routers import exports_router, service_tokens_router, token_limits_router
from apps.conversations.routers import (
    chat_router,
    completions_router,
    conversations_router,
    finding_router,
    messages_router,
    models_router,
    sharing_router,
    usage_router,
)
from apps.core.api.application import ParleyAPI
from apps.moderation.routers import (
    appeals_router,
    back_tests_router,
    bulk_router,
    case_reading_router,
    cases_router,
    desk_router,
    figure_files_router,
    figures_router,
    notices_router,
    people_router,
    policies_router,
    record_rows_router,
    records_router,
    reports_router,
    rules_router,
)
from apps.users.routers import service_accounts_router, tokens_router, users_router
from apps.webhooks.routers import webhooks_router
from project.api_words import WORDS

OPENAI_DESCRIPTION = """\
Point any OpenAI client at `/openai/v1` with a token of the scope `chat` as its key.
What is passed on, and what is refused, is described in docs/protocol.md."""

api = ParleyAPI(version="1", words=WORDS)
api.add_router("/auth/tokens", tokens_router)
api.add_router("/users/", users_router)
api.add_router("/users/", chat_router)
api.add_router("/users/", exports_router)
api.add_router("/auth/tokens", token_limits_router)
api.add_router("/conversations/", conversations_router)
api.add_router("", finding_router)
api.add_router("", sharing_router)
api.add_router("/messages/", messages_router)
api.add_router("/messages/", reports_router)
api.add_router("", usage_router)
api.add_router("/models", models_router)
api.add_router("/notices", notices_router)
api.add_router("/moderation", cases_router)
api.add_router("/moderation", appeals_router)
api.add_router("/service-accounts", service_accounts_router)
api.add_router("/service-accounts", service_tokens_router)
api.add_router("/moderation", case_reading_router)
api.add_router("/moderation", desk_router)
api.add_router("/moderation", bulk_router)
api.add_router("/moderation", people_router)
api.add_router("/moderation", policies_router)
api.add_router("/moderation", records_router)
api.add_router("/moderation", record_rows_router)
api.add_router("/moderation", figure_files_router)
api.add_router("/moderation", rules_router)
api.add_router("/moderation", back_tests_router)
api.add_router("/moderation", figures_router)
api.add_router("/webhooks", webhooks_router)

openai_api = ParleyAPI(
    version="1", name="openai", description=OPENAI_DESCRIPTION, words=WORDS, is_openai=True
)
openai_api.add_router("", completions_router)
