"""What all tests share: how long Hypothesis looks, and that it finds the same again."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Two cores shared by several workers make wall-clock limits per example fail for no reason.
settings.register_profile("default", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("soak", settings.get_profile("default"), derandomize=False, max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
