"""Gymnasium environments with jitted dynamics.

Importing the package registers the environments; their code, numba and pygame are loaded when an
environment is made.
"""

from __future__ import annotations

import gymnasium

# environments of which there is an original with other physics, and where the same seed and the
# same actions give the same rewards
ORIGINALS = {"wann/CarRacing-v0": "wann/OriginalCarRacing-v0"}


def _register(env_id: str, entry_point: str, max_episode_steps: int | None) -> None:
    """Registers an environment unless it is registered already (a module may be reloaded)."""
    if env_id not in gymnasium.registry:
        gymnasium.register(env_id, entry_point=entry_point, max_episode_steps=max_episode_steps)


_register("wann/CartPoleSwingUp-v0", "wann_envs.swingup.env:CartPoleSwingUpEnv", 1000)
_register("wann/CarRacing-v0", "wann_envs.car_racing.env:CarRacingEnv", 1000)
_register(
    "wann/OriginalCarRacing-v0", "wann_envs.car_racing.original:make_original_with_numbers", None
)
