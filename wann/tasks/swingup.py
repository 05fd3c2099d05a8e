"""Cart-pole swing-up: the compiled rollout, and the task that scores networks with it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wann.executor import Executor, Serial
from wann.genome.compile import room_for_networks
from wann.kernels.forward import CHUNK, LANES, NetworkArrays, forward, lane_rows
from wann.tasks.base import (
    EpisodeNumbers,
    Precision,
    Rollouts,
    check_rollout,
    check_weighted,
    shares_of_work,
)
from wann.tasks.measure import RETURN
from wann_envs.beside import Variant
from wann_envs.elementary import like
from wann_envs.jit import inner_kernel, kernel
from wann_envs.swingup.dynamics import (
    EPISODE_STEPS,
    advance,
    initial_states,
    is_on_track,
    reward,
    seeded_initial_states,
    sin_cos,
)

# rows of the lane buffer, before the rows of the hidden and output nodes
_THETA, _RETURN, _ALIVE, _ACTION, _STEPS, _WEIGHT = range(6)
_BIAS, _X, _X_DOT, _COS, _SIN, _THETA_DOT = range(6, 12)
_N_FIXED = 6
# steps between two looks at which lanes have ended
_CHECK_PERIOD = 8


@inner_kernel(error_model="numpy", nogil=True)
def _start_lanes(v, first, n, weights, states):
    """Sets lanes 0 to n - 1 of a block to the start of the episodes from ``first`` on."""
    zero, one = like(v[0], 0.0), like(v[0], 1.0)
    v[: (_BIAS + _N_FIXED) * LANES] = zero
    for lane in range(n):
        x, x_dot, theta, theta_dot = states[first + lane]
        sin, cos = sin_cos(theta)
        v[_THETA * LANES + lane] = theta
        v[_ALIVE * LANES + lane] = one
        v[_WEIGHT * LANES + lane] = weights[first + lane]
        v[_BIAS * LANES + lane] = one
        v[_X * LANES + lane] = x
        v[_X_DOT * LANES + lane] = x_dot
        v[_COS * LANES + lane] = cos
        v[_SIN * LANES + lane] = sin
        v[_THETA_DOT * LANES + lane] = theta_dot


@inner_kernel(error_model="numpy", nogil=True)
def _step_lanes(v, n, output_row):
    """One step of the environment on lanes 0 to n - 1; ended lanes collect no reward."""
    zero = like(v[0], 0.0)
    output = np.uint64(output_row * LANES)
    # the output row lies anywhere: a copy at a constant offset lets the loop below be vectorised
    for lane in range(n):
        v[_ACTION * LANES + lane] = v[output + np.uint64(lane)]
    for lane in range(n):
        x, x_dot, theta, theta_dot = advance(
            v[_X * LANES + lane],
            v[_X_DOT * LANES + lane],
            v[_THETA * LANES + lane],
            v[_THETA_DOT * LANES + lane],
            v[_SIN * LANES + lane],
            v[_COS * LANES + lane],
            v[_ACTION * LANES + lane],
        )
        sin, cos = sin_cos(theta)
        gain = reward(x, cos)
        alive = v[_ALIVE * LANES + lane]
        v[_X * LANES + lane] = x
        v[_X_DOT * LANES + lane] = x_dot
        v[_THETA * LANES + lane] = theta
        v[_THETA_DOT * LANES + lane] = theta_dot
        v[_SIN * LANES + lane] = sin
        v[_COS * LANES + lane] = cos
        v[_RETURN * LANES + lane] += gain if alive > zero else zero
        v[_STEPS * LANES + lane] += alive
        v[_ALIVE * LANES + lane] = alive if is_on_track(x) else zero


@inner_kernel(error_model="numpy", nogil=True)
def _drop_ended_lanes(v, n, episode, weight_row, n_weight_rows, returns, steps):
    """Records lanes that have ended and closes the gaps; returns the number of lanes left."""
    kept = 0
    for lane in range(n):
        if v[_ALIVE * LANES + lane] > like(v[0], 0.0):
            if kept < lane:
                for row in range(_BIAS + _N_FIXED):
                    v[row * LANES + kept] = v[row * LANES + lane]
                for row in range(weight_row, weight_row + n_weight_rows):
                    v[row * LANES + kept] = v[row * LANES + lane]
                episode[kept] = episode[lane]
            kept += 1
        else:
            returns[episode[lane]] = v[_RETURN * LANES + lane]
            steps[episode[lane]] = v[_STEPS * LANES + lane]
    return kept


@inner_kernel(error_model="numpy", nogil=True)
def _count_alive(v, n):
    count = 0
    for lane in range(n):
        count += v[_ALIVE * LANES + lane] > like(v[0], 0.0)
    return count


@kernel(error_model="numpy", nogil=True)
def rollout(networks, chosen, weights, edge_weights, states, returns, steps):
    """Runs networks of a population in closed loop, each on all episodes.

    Args:
        networks: NetworkArrays of P networks with 5 inputs and 1 output.
        chosen: (k,) int64, the networks to run.
        weights: (episodes,) shared weight of each episode, float32 or float64: the precision.
        edge_weights: (connections of the network, episodes) in the same precision, for one chosen
            network whose connections have weights of their own; (0, 0) for shared weights.
        states: (episodes, 4) initial x, x_dot, theta, theta_dot in the same precision.
        returns: (P, episodes) in the same precision, written for the chosen networks.
        steps: (P, episodes) int32, written likewise.
    """
    n_episodes = weights.size
    is_weighted = edge_weights.shape[1] > 0
    n_weight_rows = edge_weights.shape[0]
    n_rows = 0
    for p in chosen:
        n_rows = max(n_rows, networks.node_start[p + 1] - networks.node_start[p])
    v = lane_rows(_BIAS + n_rows + n_weight_rows, weights)
    episode = np.empty(LANES, np.int64)
    for p in chosen:
        n_nodes = networks.node_start[p + 1] - networks.node_start[p]
        weight_row = _BIAS + n_nodes if is_weighted else _WEIGHT
        for first in range(0, n_episodes, LANES):
            alive = n = min(LANES, n_episodes - first)
            _start_lanes(v, first, n, weights, states)
            for lane in range(n):
                episode[lane] = first + lane
                for edge in range(n_weight_rows):
                    v[(weight_row + edge) * LANES + lane] = edge_weights[edge, first + lane]
            n_chunks = (n + CHUNK - 1) // CHUNK
            for step in range(1, EPISODE_STEPS + 1):
                forward(networks, p, _N_FIXED, v, _BIAS, weight_row, is_weighted, n_chunks)
                _step_lanes(v, n_chunks * CHUNK, _BIAS + n_nodes - 1)
                if step % _CHECK_PERIOD == 0 or step == EPISODE_STEPS:
                    alive = _count_alive(v, n)
                    if alive == 0:
                        break
                    if (alive + CHUNK - 1) // CHUNK < n_chunks:
                        n = _drop_ended_lanes(
                            v, n, episode, weight_row, n_weight_rows, returns[p], steps[p]
                        )
                        n_chunks = (n + CHUNK - 1) // CHUNK
            for lane in range(n):
                returns[p, episode[lane]] = v[_RETURN * LANES + lane]
                steps[p, episode[lane]] = v[_STEPS * LANES + lane]


class SwingUpTask:
    """Cart-pole swing-up: raise the pole and keep it upright in the middle of the track.

    Source: Gaier & Ha 2019, section 4.
    """

    name = "cartpole_swingup"
    description = "swing a pole up and balance it on a cart; return at most 1000"
    input_names: tuple[str, ...] = ("x", "x'", "cos θ", "sin θ", "θ'")
    output_names: tuple[str, ...] = ("force",)
    episode_steps = EPISODE_STEPS
    env_id = "wann/CartPoleSwingUp-v0"
    episode_numbers = EpisodeNumbers()
    measure = RETURN

    def prepare(self) -> None:
        """Nothing is needed."""

    def draw_trials(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draws (n, 4) initial states."""
        return initial_states(rng, n)

    def trials_of_seeds(self, first_seed: int, n: int) -> NDArray[np.float64]:
        """The initial states that the Gymnasium environment draws with ``reset(seed=...)``."""
        return seeded_initial_states(first_seed, n)

    def action(self, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """The output as it is; the environment clips it."""
        return outputs

    def kernels(self, precision: Precision) -> tuple[list[Variant], list[Variant]]:
        """The rollout; see ``CompiledTask``."""
        networks = room_for_networks(0, 0, 0)

        def variant(kind: Precision) -> Variant:
            row, table = np.empty(0, kind), np.empty((0, 0), kind)
            chosen, steps = np.empty(0, np.int64), np.empty((0, 0), np.int32)
            return Variant.of(rollout, networks, chosen, row, table, table, table, steps)

        # champions are measured in float64
        return [variant(precision)], [variant("float64")]

    def rollout(
        self,
        networks: NetworkArrays,
        weights: NDArray[np.float64],
        trials: NDArray[np.float64],
        *,
        precision: Precision = "float64",
        executor: Executor | None = None,
    ) -> Rollouts:
        """Runs every network on all episodes; see ``Task.rollout``."""
        check_rollout(networks, self, weights, trials, (4,))
        dtype = np.dtype(precision)
        n_networks = len(networks.node_start) - 1
        returns = np.empty((n_networks, len(weights)), dtype)
        steps = np.empty((n_networks, len(weights)), np.int32)
        shared, states = weights.astype(dtype), trials.astype(dtype)
        none = np.empty((0, 0), dtype)
        executor = executor or Serial()
        executor.run(
            lambda chosen: rollout(networks, chosen, shared, none, states, returns, steps),
            shares_of_work(networks, executor.n_workers),
        )
        return Rollouts(returns, steps)

    def rollout_weighted(
        self,
        network: NetworkArrays,
        edge_weights: NDArray[np.float64],
        trials: NDArray[np.float64],
        *,
        precision: Precision = "float64",
    ) -> Rollouts:
        """Runs one network with individual weights; see ``Task.rollout_weighted``."""
        check_weighted(network, self, edge_weights, trials, (4,))
        n_episodes = len(trials)
        dtype = np.dtype(precision)
        returns = np.empty((1, n_episodes), dtype)
        steps = np.empty((1, n_episodes), np.int32)
        rollout(
            network,
            np.zeros(1, np.int64),
            np.zeros(n_episodes, dtype),
            edge_weights.astype(dtype),
            trials.astype(dtype),
            returns,
            steps,
        )
        return Rollouts(returns, steps)
