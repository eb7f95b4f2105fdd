"""Entra sign-in log."""

from collectors.azure_signin.parse import AzureSignIn, recognises
from collectors.spec import Collector

COLLECTOR = Collector(
    AzureSignIn(),
    {"zh": "Entra 登录日志", "en": "Entra sign-in log"},
    __name__,
    recognises,
)
