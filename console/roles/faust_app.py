"""The application that `faust -A console.roles.faust_app worker` runs; YUNSHAO_WORKSPACE names the workspace."""

from __future__ import annotations

from console.roles.worker import app_of_environment

app = app_of_environment()
