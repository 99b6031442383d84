"""Google Drive: changes of files, drives and the list of changes.

Setup: open a channel with `changes.watch` or `files.watch` of the API: type `web_hook`, the hub's URL as `address`, a
`token` of your own, which is the `secret`.

A message says that something changed, not what. A channel ends at its `expiration`: open another before.
"""

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
