"""What everybody is answered by the routes that OpenAI's clients call."""

from tests.api.matrix.row import Row

OPENAI: dict[str, Row] = {
    "create_completion": Row(
        200,
        200,
        200,
        200,
        "account_restricted",
        body={
            "model": "scripted",
            "messages": [{"role": "user", "content": "Hello"}],
            "stream": True,
        },
    ),
    "list_openai_models": Row(200, 200, 200, 200, 200),
    "read_openai_model": Row(200, 200, 200, 200, 200),
}
