"""Google Drive: changes of files, drives and the list of changes."""

from hub import Provider, hookimpl

from ._google_channel import ID, LIMITS, SUBJECT, TYPE, VERIFY, content, opened

google_drive = Provider(
    name="google-drive",
    title="Google Drive",
    docs="https://developers.google.com/workspace/drive/api/guides/push",
    verify=VERIFY,
    type=TYPE,
    id=ID,
    subject=SUBJECT,
    data=content,
    answer=opened,
    limits=LIMITS,
)


@hookimpl
def register_providers() -> list[Provider]:
    return [google_drive]
