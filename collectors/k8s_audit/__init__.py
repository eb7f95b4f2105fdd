"""Kubernetes audit."""

from collectors.k8s_audit.parse import KubernetesAudit, recognises
from collectors.spec import Collector

COLLECTOR = Collector(
    KubernetesAudit(),
    {"zh": "Kubernetes 审计日志", "en": "Kubernetes audit log"},
    __name__,
    recognises,
)
